import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from infra.function import Function
from infra.spill import Spill

QUEUE = "AWS::SQS::Queue"
MAPPING = "AWS::Lambda::EventSourceMapping"


@pytest.fixture
def spill(stack, configuration):
    """The queues of a stage, with a bucket."""
    return Spill(stack, "Spill", configuration=configuration, bucket=s3.Bucket(stack, "Bucket"))


@pytest.fixture
def redrive(stack, configuration, spill):
    """The function that the queues feed."""
    settings = configuration.settings(delivery_stream_name="d", stream_name="s", message_queue_url="q", **spill.names)
    function = Function(stack, "Redrive", folder="redrive", configuration=configuration, settings=settings)
    spill.feed(function)
    return function


def test_queues(stack, spill):
    """Each sink has a standard queue of its own and one for what is set aside, encrypted, for 14 days each."""
    queues = Template.from_stack(stack).find_resources(QUEUE)
    own = {name[:-8]: each["Properties"] for name, each in queues.items()}

    assert set(own) == {
        f"Spill{sink}{kind}" for sink in ("Firehose", "Kinesis", "IotEvents") for kind in ("", "SetAside")
    }
    for name, properties in own.items():
        redrive = properties.pop("RedrivePolicy", None)
        assert properties == {
            "SqsManagedSseEnabled": True,
            "MessageRetentionPeriod": 1_209_600,
            "VisibilityTimeout": 174,
        }
        if name.endswith("SetAside"):
            assert redrive is None
        else:
            assert redrive["maxReceiveCount"] == 1000
            assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0].startswith(f"{name}SetAside")


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, configured, retain, policy):
    """The queues stay or go with the stack as the stage says."""
    Spill(stack, "Spill", configuration=configured(retain=retain), bucket=s3.Bucket(stack, "Bucket"))

    queues = Template.from_stack(stack).find_resources(QUEUE).values()
    assert {queue["DeletionPolicy"] for queue in queues} == {policy}


def test_every_queue_feeds_the_function(stack, spill, redrive):
    """A mapping for each queue: partial batch responses, two batches at a time, and no filter, which would delete."""
    template = Template.from_stack(stack)
    [function] = template.find_resources("AWS::Lambda::Function")
    mappings = [each["Properties"] for each in template.find_resources(MAPPING).values()]

    assert {each["EventSourceArn"]["Fn::GetAtt"][0] for each in mappings} == set(template.find_resources(QUEUE))
    for mapping in mappings:
        del mapping["EventSourceArn"]
        assert mapping == {
            "FunctionName": {"Ref": function},
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": 2},
        }


def test_a_message_stays_invisible_six_times_as_long_as_the_function_runs(stack, redrive):
    """As Lambda's guide asks; and the chain of a message that is replaced again and again is not stopped."""
    template = Template.from_stack(stack)
    [function] = [each["Properties"] for each in template.find_resources("AWS::Lambda::Function").values()]
    visibility = {each["Properties"]["VisibilityTimeout"] for each in template.find_resources(QUEUE).values()}

    assert min(visibility) >= 6 * function["Timeout"]
    assert function["RecursiveLoop"] == "Allow"


def test_names(stack, spill):
    """The settings of the functions have every queue and the bucket; the outputs those that are spilled to."""
    assert set(spill.names) == {
        "bucket_name",
        *(f"{sink}_{kind}_url" for sink in ("firehose", "kinesis", "iot_events") for kind in ("spill", "set_aside")),
    }
    assert set(spill.outputs) == {"FirehoseSpillQueueUrl", "KinesisSpillQueueUrl", "IotEventsSpillQueueUrl"}


def test_grants(stack, spill):
    """Who spills may send and write, who looks may look, who claims may write claims; one function may park actions."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    spill.grant_write(role)
    spill.grant_look(role)
    spill.grant_claim(role)
    spill.grant_park({})
    spill.grant_park({"run_detectors": role, "carry_out": None})
    [policy] = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]

    assert {str(statement["Action"]) for statement in statements} == {
        "['sqs:GetQueueAttributes', 'sqs:SendMessage']",
        "s3:PutObject",
        "['s3:GetObject', 's3:PutObject']",
        "s3:ListBucket",
    }
