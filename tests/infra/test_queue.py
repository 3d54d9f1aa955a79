import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template

from distributary_cdk.queue import make_queue

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


def test_a_queue_has_what_else_its_maker_wants(stack, configuration):
    """Any other property of SQS's construct, such as how long a message stays invisible."""
    make_queue(stack, "Queue", configuration, visibility_timeout=cdk.Duration.seconds(77))

    Template.from_stack(stack).has_resource_properties(QUEUE, {"VisibilityTimeout": 77})


def test_a_queue_of_a_stage_with_a_key_is_encrypted_with_it(stack, configured):
    """The key is made in the queue's own stack, once; an hour of its data key's reuse saves most calls to KMS."""
    for name in ("One", "Two"):
        make_queue(stack, name, configured(encryption="own-key"))

    template = Template.from_stack(stack)
    [key] = template.find_resources("AWS::KMS::Key")
    encrypted = {"KmsMasterKeyId": {"Fn::GetAtt": [key, "Arn"]}, "KmsDataKeyReusePeriodSeconds": 3600}
    template.resource_properties_count_is(QUEUE, encrypted, 2)
