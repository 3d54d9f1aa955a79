import pytest
from aws_cdk.assertions import Template
from constructs import Construct

from distributary_cdk.encryption import own_key
from distributary_cdk.function import Function
from distributary_cdk.sinks.retry_queue import RetryQueue

QUEUE = "AWS::SQS::Queue"
MAPPING = "AWS::Lambda::EventSourceMapping"


@pytest.fixture
def retry_queue(stack, configuration):
    """The retry queue of a sink."""
    return RetryQueue(Construct(stack, "Spill"), "Kinesis", configuration=configuration, key=None)


@pytest.fixture
def redrive(stack, configuration, retry_queue):
    """The function that takes its messages."""
    settings = configuration.settings(delivery_stream_name="d", stream_name="s", message_queue_url="q")
    function = Function(stack, "Redrive", folder="redrive", configuration=configuration, settings=settings)
    retry_queue.redrive_by(function)
    return function


def test_queues(stack, retry_queue):
    """A standard queue and its dead-letter queue, encrypted, for 14 days each."""
    queues = Template.from_stack(stack).find_resources(QUEUE)
    own = {name[:-8]: each["Properties"] for name, each in queues.items()}
    redrive = {name: properties.pop("RedrivePolicy", None) for name, properties in own.items()}
    same = {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 1_209_600, "VisibilityTimeout": 174}

    assert own == {"SpillKinesis": same, "SpillKinesisSetAside": same}
    assert redrive == {
        "SpillKinesis": {
            "maxReceiveCount": 1000,
            "deadLetterTargetArn": stack.resolve(retry_queue.dead_letters.queue_arn),
        },
        "SpillKinesisSetAside": None,
    }


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, configured, retain, policy):
    """The queues stay or go with the stack as the stage says."""
    RetryQueue(stack, "Kinesis", configuration=configured(retain=retain), key=None)

    queues = Template.from_stack(stack).find_resources(QUEUE).values()
    assert {queue["DeletionPolicy"] for queue in queues} == {policy}


def test_both_are_encrypted_with_the_stages_own_key(stack, configured):
    """Where it has one; who receives may use it."""
    own = configured(encryption="own-key")
    key = own_key(stack, own)
    RetryQueue(stack, "Kinesis", configuration=own, key=key)

    queues = Template.from_stack(stack).find_resources(QUEUE).values()
    assert [queue["Properties"]["KmsMasterKeyId"] for queue in queues] == [stack.resolve(key.key_arn)] * 2


def test_alarms_and_graphs(retry_queue):
    """Messages that wait too long, any message that was given up, and how many wait."""
    assert [(watch.kind, watch.of) for watch in retry_queue.alarms()] == [
        ("queue-age", retry_queue),
        ("set-aside", retry_queue.dead_letters),
    ]
    [graph] = retry_queue.graphs()
    assert (graph.title, graph.metrics[0].label) == ("Messages in the retry queues", "Kinesis")


def test_both_queues_feed_the_function(stack, redrive):
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


def test_a_mapping_is_made_after_the_functions_role_may_receive(stack, redrive):
    """Lambda looks when the mapping is made, and refuses it else."""
    template = Template.from_stack(stack)
    policies = set(template.find_resources("AWS::IAM::Policy"))

    assert len(policies) == 1
    for mapping in template.find_resources(MAPPING).values():
        assert policies <= set(mapping["DependsOn"])
