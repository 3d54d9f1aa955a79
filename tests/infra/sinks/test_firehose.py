import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Match, Template

from distributary_cdk.streams import Streams

RETAINED = ("AWS::Kinesis::Stream", "AWS::S3::Bucket", "AWS::Logs::LogGroup", "AWS::Logs::LogStream")


def test_provisioned_stream(stack, configured, properties):
    """A provisioned stream has its shards, retention and record size as configured, encrypted with AWS's own key."""
    kinesis = {"mode": "provisioned", "shards": 3, "retention_hours": 48, "max_record_kib": 2048}
    Streams(stack, "Streams", configuration=configured(kinesis=kinesis))

    assert properties("AWS::Kinesis::Stream") == {
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "ShardCount": 3,
        "RetentionPeriodHours": 48,
        "MaxRecordSizeInKiB": 2048,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
    }


def test_on_demand_stream(stack, configured, properties):
    """An on-demand stream has no shard count."""
    Streams(stack, "Streams", configuration=configured(kinesis={"mode": "on-demand", "shards": 3}))

    stream = properties("AWS::Kinesis::Stream")
    assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in stream


def test_bucket_is_private(stack, configuration, properties):
    """The bucket is encrypted, has no public access and no ACLs, and speaks TLS 1.2 or newer only."""
    Streams(stack, "Streams", configuration=configuration)

    bucket = properties("AWS::S3::Bucket")
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "BucketName" not in bucket
    statements = Template.from_stack(stack).find_resources("AWS::S3::BucketPolicy")
    [policy] = statements.values()
    denied = [
        each["Condition"] for each in policy["Properties"]["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"
    ]
    assert denied == [{"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": 1.2}}]


def test_what_was_deleted_can_be_restored(stack, configured, properties):
    """The bucket keeps versions where the stage wants to restore them."""
    Streams(stack, "Streams", configuration=configured(bucket={"restore_days": 7}))

    assert properties("AWS::S3::Bucket")["VersioningConfiguration"] == {"Status": "Enabled"}


def test_no_versions(stack, configured, properties):
    """Where nothing is to be restored there are none."""
    Streams(stack, "Streams", configuration=configured(bucket={"restore_days": 0}))

    assert "VersioningConfiguration" not in properties("AWS::S3::Bucket")


def test_delivery(stack, configured, properties):
    """Firehose writes gzipped NDJSON under date partitions, failures beside them, buffered as configured, and logs."""
    Streams(stack, "Streams", configuration=configured(firehose={"buffer_seconds": 0, "buffer_mib": 2}))

    delivery = properties("AWS::KinesisFirehose::DeliveryStream")
    destination = delivery["ExtendedS3DestinationConfiguration"]
    partition = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
    assert delivery["DeliveryStreamType"] == "DirectPut"
    assert delivery["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "AWS_OWNED_CMK"}
    assert destination["Prefix"] == f"events/{partition}"
    assert destination["ErrorOutputPrefix"] == f"errors/!{{firehose:error-output-type}}/{partition}"
    assert (destination["CompressionFormat"], destination["FileExtension"]) == ("GZIP", ".ndjson.gz")
    assert destination["BufferingHints"] == {"IntervalInSeconds": 0, "SizeInMBs": 2}
    assert destination["CloudWatchLoggingOptions"]["Enabled"] is True
    assert "ProcessingConfiguration" not in destination


def test_delivery_role(stack, configuration):
    """Firehose may write objects and its log, not read or delete; its role is complete from the start."""
    Streams(stack, "Streams", configuration=configuration)

    template = Template.from_stack(stack)
    [role] = template.find_resources("AWS::IAM::Role", {"Properties": {"Policies": Match.any_value()}}).values()
    [policy] = role["Properties"]["Policies"]
    actions = [each["Action"] for each in policy["PolicyDocument"]["Statement"]]
    assert actions == [
        ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
        ["s3:AbortMultipartUpload", "s3:PutObject"],
        "logs:PutLogEvents",
    ]
    template.resource_count_is("AWS::IAM::Policy", 0)


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, configured, retain, policy):
    """Stream, bucket and logs stay or go with the stack as the stage says."""
    configuration = configured(retain=retain, bucket={"empty_on_destroy": False}, encryption="own-key")
    Streams(stack, "Streams", configuration=configuration)

    resources = Template.from_stack(stack).to_json()["Resources"].values()
    policies = {each["Type"]: each.get("DeletionPolicy") for each in resources}
    assert {kind: policies[kind] for kind in (*RETAINED, "AWS::KMS::Key")} == dict.fromkeys(
        (*RETAINED, "AWS::KMS::Key"), policy
    )


@pytest.mark.parametrize(("emptied", "count"), [(True, 1), (False, 0)])
def test_emptied_bucket(stack, configured, emptied, count):
    """A bucket is emptied by a custom resource, which exists only where the stage asks for it."""
    Streams(stack, "Streams", configuration=configured(retain=False, bucket={"empty_on_destroy": emptied}))

    Template.from_stack(stack).resource_count_is("Custom::S3AutoDeleteObjects", count)


def test_emptied_after_the_last_delivery(stack, configured):
    """The delivery stream is deleted before its bucket is emptied, so nothing lands there in between."""
    Streams(stack, "Streams", configuration=configured(retain=False, bucket={"empty_on_destroy": True}))

    template = Template.from_stack(stack)
    [emptying] = template.find_resources("Custom::S3AutoDeleteObjects")
    [delivery_stream] = template.find_resources("AWS::KinesisFirehose::DeliveryStream").values()
    assert emptying in delivery_stream["DependsOn"]


def test_nothing_but_resources(stack, configuration):
    """The delivery stream's construct leaves no table of IP addresses in the template."""
    Streams(stack, "Streams", configuration=configuration)

    assert "Mappings" not in Template.from_stack(stack).to_json()


@pytest.mark.parametrize("encryption", ["aws-managed", "own-key"])
def test_firehose_has_one_role(stack, configured, encryption):
    """With a key too, for which the construct would make one of its own, with rights that nobody looked at."""
    Streams(stack, "Streams", configuration=configured(encryption=encryption, bucket={"empty_on_destroy": False}))

    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 1)


def test_functions_and_commands_know_the_streams(stack, configuration):
    """Each name and ARN is the one of its resource."""
    streams = Streams(stack, "Streams", configuration=configuration)
    template = Template.from_stack(stack)
    [stream] = template.find_resources("AWS::Kinesis::Stream")
    [delivery] = template.find_resources("AWS::KinesisFirehose::DeliveryStream")
    [bucket] = template.find_resources("AWS::S3::Bucket")
    [logs] = template.find_resources("AWS::Logs::LogGroup")

    assert stack.resolve(streams.names) == {"delivery_stream_name": {"Ref": delivery}, "stream_name": {"Ref": stream}}
    assert stack.resolve(streams.outputs) == {
        "StreamName": {"Ref": stream},
        "StreamArn": {"Fn::GetAtt": [stream, "Arn"]},
        "DeliveryStreamName": {"Ref": delivery},
        "BucketName": {"Ref": bucket},
        "DeliveryLogGroupName": {"Ref": logs},
    }


LOOKING = {"stream": {"kinesis:DescribeStreamSummary"}, "delivery": {"firehose:DescribeDeliveryStream"}}
WRITING = {"stream": {"kinesis:PutRecords"}, "delivery": {"firehose:PutRecord", "firehose:PutRecordBatch"}}
API = {
    "stream": LOOKING["stream"] | {"kinesis:PutRecord", "kinesis:DescribeStream", "kinesis:ListShards"},
    "delivery": LOOKING["delivery"],
}


@pytest.mark.parametrize(("grant", "granted"), [("grant_look", LOOKING), ("grant_write", WRITING), ("grant_api", API)])
def test_grants(stack, configuration, properties, grant, granted):
    """Who looks may describe, who writes may put and describe, who lists may list shards: of these streams alone."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    streams = Streams(stack, "Streams", configuration=configuration)
    getattr(streams, grant)(role)
    arns = {
        "stream": stack.resolve(streams.stream.stream_arn),
        "delivery": stack.resolve(streams.delivery_stream.delivery_stream_arn),
    }

    found = {}
    [policy] = [
        each["Properties"]
        for each in Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
        if each["Properties"]["Roles"] == [stack.resolve(role.role_name)]
    ]
    for statement in policy["PolicyDocument"]["Statement"]:
        [name] = [name for name, arn in arns.items() if arn == statement["Resource"]]
        action = statement["Action"]
        found.setdefault(name, set()).update([action] if isinstance(action, str) else action)
    assert found == granted
