import pytest
from aws_cdk.assertions import Match, Template

from infra.queue import make_queue

QUEUE = "AWS::SQS::Queue"


def test_a_queue_is_encrypted_and_speaks_tls_only(stack, configuration):
    """Whoever makes it, and it keeps messages for as long as SQS does."""
    make_queue(stack, "Queue", configuration)

    template = Template.from_stack(stack)
    template.has_resource_properties(QUEUE, {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 86_400})
    deny = {"Effect": "Deny", "Action": "sqs:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    statements = {"PolicyDocument": {"Statement": [Match.object_like(deny)]}}
    template.has_resource_properties("AWS::SQS::QueuePolicy", statements)


@pytest.mark.parametrize(("more", "receives"), [({}, 1000), ({"receives": 20}, 20)])
def test_a_message_may_be_set_aside(stack, configuration, more, receives):
    """After 1,000 receives unless said otherwise."""
    make_queue(stack, "Queue", configuration, set_aside=make_queue(stack, "SetAside", configuration), **more)

    redrive = {"RedrivePolicy": Match.object_like({"maxReceiveCount": receives})}
    Template.from_stack(stack).has_resource_properties(QUEUE, redrive)


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, configured, retain, policy):
    """A queue stays or goes with the stack as the stage says."""
    make_queue(stack, "Queue", configured(retain=retain))

    Template.from_stack(stack).has_resource(QUEUE, {"DeletionPolicy": policy})
