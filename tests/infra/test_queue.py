import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Match, Template

from distributary_cdk.queue import DeadLetterQueue, Queue

QUEUE = "AWS::SQS::Queue"


def test_a_queue_is_encrypted_and_speaks_tls_only(stack, configuration):
    """Whoever makes it, and it keeps messages for as long as SQS does."""
    Queue(stack, "Queue", configuration=configuration, key=None)

    template = Template.from_stack(stack)
    template.has_resource_properties(QUEUE, {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 86_400})
    deny = {"Effect": "Deny", "Action": "sqs:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    statements = {"PolicyDocument": {"Statement": [Match.object_like(deny)]}}
    template.has_resource_properties("AWS::SQS::QueuePolicy", statements)


@pytest.mark.parametrize(("more", "receives"), [({}, 1000), ({"receives": 20}, 20)])
def test_a_message_moves_to_the_dead_letter_queue(stack, configuration, more, receives):
    """After 1,000 receives unless said otherwise."""
    dead_letters = DeadLetterQueue(stack, "Dead", configuration=configuration, key=None)
    Queue(stack, "Queue", configuration=configuration, key=None, dead_letters=dead_letters, **more)

    redrive = {"RedrivePolicy": Match.object_like({"maxReceiveCount": receives})}
    Template.from_stack(stack).has_resource_properties(QUEUE, redrive)


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, configured, retain, policy):
    """A queue stays or goes with the stack as the stage says."""
    Queue(stack, "Queue", configuration=configured(retain=retain), key=None)

    Template.from_stack(stack).has_resource(QUEUE, {"DeletionPolicy": policy})


def test_a_queue_has_what_else_its_maker_wants(stack, configuration):
    """Any other property of SQS's construct, such as how long a message stays invisible."""
    Queue(stack, "Queue", configuration=configuration, key=None, visibility_timeout=cdk.Duration.seconds(77))

    Template.from_stack(stack).has_resource_properties(QUEUE, {"VisibilityTimeout": 77})


def test_a_queue_of_a_stage_with_a_key_is_encrypted_with_it(stack, configured, granted):
    """An hour of its data key's reuse saves most calls to KMS; who may receive may use the key."""
    key = kms.Key(stack, "Key")
    queue = Queue(stack, "Queue", configuration=configured(), key=key)

    encrypted = {"KmsMasterKeyId": stack.resolve(key.key_arn), "KmsDataKeyReusePeriodSeconds": 3600}
    assert granted(lambda role: queue.allow(role, "sqs:ReceiveMessage")) == {
        "sqs:ReceiveMessage": {"Queue"},
        "kms:Decrypt": {"Key"},
    }
    Template.from_stack(stack).has_resource_properties(QUEUE, encrypted)


def test_alarms(stack, configured):
    """A queue's messages may wait for some time; a dead-letter queue has none."""
    configuration = configured(alarms={"queue_age_seconds": 70})
    queue = Queue(stack, "Queue", configuration=configuration, key=None)
    dead = DeadLetterQueue(stack, "Dead", configuration=configuration, key=None)
    watches = [*queue.alarms(), *dead.alarms()]

    assert [(watch.kind, watch.of, watch.threshold, watch.periods) for watch in watches] == [
        ("queue-age", queue, 70, 3),
        ("set-aside", dead, 0, 1),
    ]
    assert [watch.metric.metric_name for watch in watches] == [
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesVisible",
    ]
