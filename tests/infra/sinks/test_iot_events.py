import pytest
from aws_cdk.assertions import Template

from distributary_cdk.sinks.iot_events import IotEvents

QUEUE = "AWS::SQS::Queue"


@pytest.fixture
def own_queues(stack):
    """The properties of the sink's own queues, by logical id without hash: not those of its retry queue."""

    def find():
        queues = Template.from_stack(stack).find_resources(QUEUE)
        return {name[:-8]: each for name, each in queues.items() if not name.startswith("Spill")}

    return find


def test_queues(stack, shared, own_queues):
    """Both queues are FIFO by message group, deduplicate in it, are encrypted and keep messages as long as SQS can."""
    IotEvents(stack, shared())

    assert own_queues().keys() == {"IotEventsMessages", "IotEventsDeadMessages"}
    for queue in own_queues().values():
        own = {key: value for key, value in queue["Properties"].items() if key != "RedrivePolicy"}
        assert own == {
            "FifoQueue": True,
            "FifoThroughputLimit": "perMessageGroupId",
            "DeduplicationScope": "messageGroup",
            "ContentBasedDeduplication": True,
            "SqsManagedSseEnabled": True,
            "MessageRetentionPeriod": 1_209_600,
            "VisibilityTimeout": 120,
        }


def test_dead_letters(stack, shared, own_queues):
    """A message that was received a thousand times goes to the second queue."""
    iot_events = IotEvents(stack, shared())

    assert own_queues()["IotEventsMessages"]["Properties"]["RedrivePolicy"] == {
        "deadLetterTargetArn": stack.resolve(iot_events.dead_letters.queue_arn),
        "maxReceiveCount": 1000,
    }
    assert "RedrivePolicy" not in own_queues()["IotEventsDeadMessages"]["Properties"]


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, shared, own_queues, retain, policy):
    """The queues stay or go with the stack as the stage says."""
    IotEvents(stack, shared(retain=retain, bucket={"empty_on_destroy": False}))

    assert {queue["DeletionPolicy"] for queue in own_queues().values()} == {policy}


def test_grants_on_the_queue(stack, shared, granted):
    """A writer may send messages, who looks may read the queue's attributes, and clients get nothing more."""
    iot_events = IotEvents(stack, shared())

    assert granted(iot_events.grant_put, iot_events.grant_describe, iot_events.grant_api) == {
        "sqs:GetQueueAttributes": {"IotEventsMessages"},
        "sqs:SendMessage": {"IotEventsMessages"},
    }


def test_another_endpoint_as_provider(stack, shared, own_queues, granted):
    """With another service's endpoint the sink needs nothing of its own, and no permission."""
    iot_events = IotEvents(stack, shared(iot_events={"provider": "endpoint", "endpoint": "https://iot.example"}))

    assert granted(iot_events.grant_put, iot_events.grant_describe) == {}
    assert own_queues() == {}
    assert iot_events.outputs["MessageQueueUrl"] == ""
    Template.from_stack(stack).resource_count_is("AWS::IoTEvents::Input", 0)


def test_functions_and_commands_know_the_queue(stack, shared):
    """By its URL."""
    iot_events = IotEvents(stack, shared())
    url = stack.resolve(iot_events.queue.queue_url)

    assert stack.resolve(iot_events.names["message_queue_url"]) == url
    assert stack.resolve(iot_events.outputs["MessageQueueUrl"]) == url


def test_alarms_and_graphs(stack, shared):
    """Messages that wait for detectors, and dead ones."""
    iot_events = IotEvents(stack, shared())
    kinds = {watch.of: watch.kind for watch in iot_events.alarms()}

    assert kinds[iot_events.queue] == "queue-age"
    assert kinds[iot_events.dead_letters] == "set-aside"
    assert ("What waits", "Oldest message for detectors, in s") in {
        (graph.section, graph.title) for graph in iot_events.graphs()
    }


def test_without_a_queue_nothing_of_it_is_watched(stack, shared):
    """What every sink has remains."""
    iot_events = IotEvents(stack, shared(iot_events={"provider": "endpoint", "endpoint": "https://iot.example"}))

    assert not [one for one in iot_events.alarms() if one.of in (iot_events.queue, iot_events.dead_letters)]
    assert "Oldest message for detectors, in s" not in {graph.title for graph in iot_events.graphs()}
