import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from distributary_cdk.iot_events import IotEvents

QUEUE = "AWS::SQS::Queue"


@pytest.fixture
def role(stack):
    """Someone to let in."""
    return iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def statements(stack):
    """What the stack's roles may do."""
    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    return [each for policy in policies for each in policy["Properties"]["PolicyDocument"]["Statement"]]


def test_queues(stack, configuration):
    """Both queues are FIFO by message group, deduplicate in it, are encrypted and keep messages as long as SQS can."""
    IotEvents(stack, "IotEvents", configuration=configuration)

    queues = Template.from_stack(stack).find_resources(QUEUE).values()
    assert len(queues) == 2
    for queue in queues:
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


def test_dead_letters(stack, configuration):
    """A message that was received a thousand times goes to the second queue."""
    iot_events = IotEvents(stack, "IotEvents", configuration=configuration)

    template = Template.from_stack(stack)
    messages = stack.get_logical_id(iot_events.queue.node.default_child)
    [dead] = set(template.find_resources(QUEUE)) - {messages}
    assert template.find_resources(QUEUE)[messages]["Properties"]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]},
        "maxReceiveCount": 1000,
    }


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, configured, retain, policy):
    """The queues stay or go with the stack as the stage says."""
    IotEvents(stack, "IotEvents", configuration=configured(retain=retain))

    queues = Template.from_stack(stack).find_resources(QUEUE).values()
    assert {queue["DeletionPolicy"] for queue in queues} == {policy}


def test_grants_on_the_queue(stack, configuration, role):
    """A writer may send messages, who looks may read the queue's attributes."""
    iot_events = IotEvents(stack, "IotEvents", configuration=configuration)
    iot_events.grant_write(role)
    iot_events.grant_look(role)

    queue = {"Fn::GetAtt": [stack.get_logical_id(iot_events.queue.node.default_child), "Arn"]}
    assert statements(stack) == [
        {"Effect": "Allow", "Action": ["sqs:GetQueueAttributes", "sqs:SendMessage"], "Resource": queue}
    ]


def test_aws_as_provider(stack, configured, role):
    """With AWS's own service there is an input for each of the configuration, a writer may use it, and no queue."""
    inputs = {"telemetry": {"attributes": ["deviceId", "a.b"], "key": "deviceId"}}
    iot_events = IotEvents(
        stack, "IotEvents", configuration=configured(iot_events={"provider": "endpoint"}, inputs=inputs)
    )
    iot_events.grant_write(role)
    iot_events.grant_look(role)

    template = Template.from_stack(stack)
    template.has_resource_properties(
        "AWS::IoTEvents::Input",
        {"InputName": "telemetry", "InputDefinition": {"Attributes": [{"JsonPath": "deviceId"}, {"JsonPath": "a.b"}]}},
    )
    template.resource_count_is(QUEUE, 0)
    [statement] = statements(stack)
    assert statement["Action"] == "iotevents:BatchPutMessage"
    assert statement["Resource"]["Fn::Join"][1][-1] == ":input/telemetry"
    assert iot_events.queue_url == ""


def test_another_endpoint_as_provider(stack, configured, role):
    """With another service's endpoint the stack needs nothing for the third sink, and no permission."""
    provider = {"provider": "endpoint", "endpoint": "https://iot.example"}
    iot_events = IotEvents(stack, "IotEvents", configuration=configured(iot_events=provider))
    iot_events.grant_write(role)
    iot_events.grant_look(role)

    assert {each["Type"] for each in Template.from_stack(stack).to_json()["Resources"].values()} == {"AWS::IAM::Role"}
