import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from distributary_cdk.function import Function
from distributary_cdk.spill import Spill

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

    template = Template.from_stack(stack)
    [bucket] = template.find_resources("AWS::S3::Bucket")
    assert stack.resolve(spill.names.pop("bucket_name")) == {"Ref": bucket}
    for sink, part in (("firehose", "Firehose"), ("kinesis", "Kinesis"), ("iot_events", "IotEvents")):
        for kind, urls in (
            ("", (spill.names[f"{sink}_spill_url"], spill.outputs[f"{part}SpillQueueUrl"])),
            ("SetAside", (spill.names[f"{sink}_set_aside_url"],)),
        ):
            [queue] = [name for name in template.find_resources(QUEUE) if name[:-8] == f"Spill{part}{kind}"]
            assert [stack.resolve(url) for url in urls] == [{"Ref": queue}] * len(urls)


def test_a_mapping_is_made_after_the_functions_role_may_receive(stack, redrive):
    """Lambda looks when the mapping is made, and refuses it else."""
    template = Template.from_stack(stack)
    policies = set(template.find_resources("AWS::IAM::Policy"))

    assert len(policies) == 1
    for mapping in template.find_resources(MAPPING).values():
        assert policies <= set(mapping["DependsOn"])


def test_the_function_may_receive_from_every_queue_and_read_what_they_point_to(stack, redrive):
    """And nothing else is among its permissions but its log."""
    template = Template.from_stack(stack)
    [policy] = template.find_resources("AWS::IAM::Policy").values()
    reading, receiving = [
        statement
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "logs:" not in str(statement["Action"])
    ]
    [bucket] = template.find_resources("AWS::S3::Bucket")

    assert reading["Action"] == "s3:GetObject"
    assert reading["Resource"] == {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, "/spill/*"]]}
    assert {each["Fn::GetAtt"][0] for each in receiving["Resource"]} == set(template.find_resources(QUEUE))
    assert receiving["Action"] == [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    ]


def test_who_spills_for_one_sink_may_send_to_its_queue_alone(stack, spill):
    """`take_messages` has nothing to do with the streams."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    spill.grant_write(role, "iot_events")
    [policy] = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    sending, writing = policy["Properties"]["PolicyDocument"]["Statement"]

    assert sending["Action"] == "sqs:SendMessage"
    assert sending["Resource"]["Fn::GetAtt"][0][:-8] == "SpillIotEvents"
    assert [resource["Fn::Join"][1][1] for resource in writing["Resource"]] == ["/dead-letters/*", "/spill/*"]


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
