import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template
from constructs import Construct

from distributary_cdk.encryption import encrypted, of_bucket, of_delivery_stream, of_queue, of_stream, own_key, uses
from distributary_cdk.log_group import log_group
from distributary_cdk.permission import allow


@pytest.fixture
def own(configured):
    """A configuration with a key of the stack's own."""
    return configured(encryption="own-key")


@pytest.fixture
def key(stack, own):
    """That key."""
    return own_key(stack, own)


def test_no_key(stack, configuration):
    """With AWS's keys there is none of the stack's, and nothing to be used."""
    assert own_key(stack, configuration) is None
    assert uses(None, "sqs:SendMessage") == []
    Template.from_stack(stack).resource_count_is("AWS::KMS::Key", 0)


def test_the_key_rotates(stack, own):
    """It is made in the scope that wants it."""
    own_key(stack, own)

    Template.from_stack(stack).has_resource("AWS::KMS::Key", {"Properties": {"EnableKeyRotation": True}})


def test_two_scopes_of_a_stack_have_a_key_each(stack, own):
    """Nothing is shared by accident."""
    keys = {own_key(Construct(stack, name), own) for name in ("One", "Two")}

    assert len(keys) == 2
    Template.from_stack(stack).resource_count_is("AWS::KMS::Key", 2)


def test_queue(stack, key, properties):
    """A queue asks KMS for a new data key each hour."""
    sqs.Queue(stack, "Queue", **of_queue(key))

    queue = properties("AWS::SQS::Queue")
    assert queue["KmsDataKeyReusePeriodSeconds"] == 3600
    assert "SqsManagedSseEnabled" not in queue
    assert of_queue(None) == {"encryption": sqs.QueueEncryption.SQS_MANAGED}


def test_bucket(stack, key, properties):
    """A bucket has a key of its own under the stack's, which spares a request to KMS for each object."""
    s3.Bucket(stack, "Bucket", **of_bucket(key))

    [rule] = properties("AWS::S3::Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_table(stack, own, properties):
    """A table names the key in a stack that is tied to no region, where its construct would refuse to."""
    by_id = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    encrypted(dynamodb.TableV2(stack, "Table", partition_key=by_id), own_key(stack, own))

    table = properties("AWS::DynamoDB::GlobalTable")
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert set(table["Replicas"][0]["SSESpecification"]) == {"KMSMasterKeyId"}


def test_logs_may_use_it(stack, own, properties):
    """CloudWatch Logs may use the key for log groups of this stack and no other."""
    log_group(stack, "Logs", own, own_key(stack, own))

    statements = properties("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    [logs] = [each for each in statements if "Service" in each["Principal"]]
    [(name, groups)] = logs["Condition"]["ArnLike"].items()
    assert name == "kms:EncryptionContext:aws:logs:arn"
    assert groups["Fn::Join"][1][-1] == ":log-group:alone-*"


@pytest.mark.parametrize(
    ("action", "needed"),
    [
        ("kinesis:PutRecords", ["kms:GenerateDataKey"]),
        ("sqs:SendMessage", ["kms:Decrypt", "kms:GenerateDataKey"]),
        ("sqs:ReceiveMessage", ["kms:Decrypt"]),
        ("s3:GetObject", ["kms:Decrypt"]),
        ("secretsmanager:GetSecretValue", ["kms:Decrypt"]),
        ("dynamodb:Query", ["kms:Decrypt", "kms:DescribeKey"]),
        ("firehose:PutRecord", []),
        ("logs:PutLogEvents", []),
    ],
)
def test_what_an_action_takes(stack, own, action, needed):
    """Whoever may do something with what is encrypted may use the key for it, by way of its service only."""
    key = own_key(stack, own)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))

    allow(role, "arn:aws:any", action, key=key)

    [policy] = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statements[0] == {"Action": action, "Effect": "Allow", "Resource": "arn:aws:any"}
    of_key = statements[1:]
    assert [action for each in of_key for action in actions(each)] == needed
    for each in of_key:
        [(_, through)] = each["Condition"]["StringEquals"].items()
        assert through["Fn::Join"][1][0] == f"{action.partition(':')[0]}."


def actions(statement):
    """A statement's actions, also where there is one."""
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, configured, retain, policy):
    """The key stays or goes with the stack, as the stage says; its description says whose it is."""
    own_key(stack, configured(encryption="own-key", retain=retain))

    template = Template.from_stack(stack)
    template.has_resource("AWS::KMS::Key", {"DeletionPolicy": policy})
    template.has_resource_properties("AWS::KMS::Key", {"Description": "Distributary: everything that alone keeps"})


def test_stream(stack, key, properties):
    """A stream is encrypted under the stack's key, or under Kinesis' own."""
    kinesis.Stream(stack, "Stream", **of_stream(key))

    assert properties("AWS::Kinesis::Stream")["StreamEncryption"] == {
        "EncryptionType": "KMS",
        "KeyId": stack.resolve(key.key_arn),
    }
    assert of_stream(None) == {"encryption": kinesis.StreamEncryption.MANAGED}


def test_delivery_stream(stack, key):
    """What Firehose buffers is encrypted under the stack's key, or under Firehose's own."""
    with_key = of_delivery_stream(key)

    assert (with_key.type, with_key.encryption_key) == (
        firehose.StreamEncryptionType.CUSTOMER_MANAGED,
        key,
    )
    assert of_delivery_stream(None).type == firehose.StreamEncryptionType.AWS_OWNED
