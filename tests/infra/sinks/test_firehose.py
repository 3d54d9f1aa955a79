import pytest
from aws_cdk.assertions import Match, Template

from distributary_cdk.sinks.firehose import Firehose

RETAINED = ("AWS::Logs::LogGroup", "AWS::Logs::LogStream", "AWS::KMS::Key")


def test_delivery(stack, shared, properties):
    """Firehose writes gzipped NDJSON under date partitions, failures beside them, buffered as configured, and logs."""
    Firehose(stack, shared(firehose={"buffer_seconds": 0, "buffer_mib": 2}))

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


def test_delivery_role(stack, shared):
    """Firehose may write objects and its log, not read or delete; its role is complete from the start."""
    Firehose(stack, shared())

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
def test_removal(stack, shared, retain, policy):
    """The logs stay or go with the stack as the stage says, and so does the stage's own key."""
    Firehose(stack, shared(retain=retain, bucket={"empty_on_destroy": False}, encryption="own-key"))

    resources = Template.from_stack(stack).to_json()["Resources"].values()
    policies = {each["Type"]: each.get("DeletionPolicy") for each in resources}
    assert {kind: policies[kind] for kind in RETAINED} == dict.fromkeys(RETAINED, policy)


def test_emptied_after_the_last_delivery(stack, shared):
    """The delivery stream is deleted before its bucket is emptied, so nothing lands there in between."""
    Firehose(stack, shared(retain=False, bucket={"empty_on_destroy": True}))

    template = Template.from_stack(stack)
    [emptying] = template.find_resources("Custom::S3AutoDeleteObjects")
    [delivery_stream] = template.find_resources("AWS::KinesisFirehose::DeliveryStream").values()
    assert emptying in delivery_stream["DependsOn"]


def test_nothing_but_resources(stack, shared):
    """The delivery stream's construct leaves no table of IP addresses in the template."""
    Firehose(stack, shared())

    assert "Mappings" not in Template.from_stack(stack).to_json()


@pytest.mark.parametrize("encryption", ["aws-managed", "own-key"])
def test_firehose_has_one_role(stack, shared, encryption):
    """With a key too, for which the construct would make one of its own, with rights that nobody looked at."""
    Firehose(stack, shared(encryption=encryption, bucket={"empty_on_destroy": False}))

    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 1)


def test_functions_and_commands_know_the_delivery_stream(stack, shared):
    """And its logs: each name is the one of its resource."""
    firehose = Firehose(stack, shared())
    template = Template.from_stack(stack)
    [delivery] = template.find_resources("AWS::KinesisFirehose::DeliveryStream")
    [logs] = template.find_resources("AWS::Logs::LogGroup")

    assert stack.resolve(firehose.names["delivery_stream_name"]) == {"Ref": delivery}
    assert stack.resolve(firehose.outputs["DeliveryStreamName"]) == {"Ref": delivery}
    assert stack.resolve(firehose.outputs["DeliveryLogGroupName"]) == {"Ref": logs}


@pytest.mark.parametrize(
    ("grant", "actions"),
    [
        ("grant_describe", {"DescribeDeliveryStream"}),
        ("grant_put", {"PutRecord", "PutRecordBatch"}),
        ("grant_api", {"DescribeDeliveryStream"}),
    ],
)
def test_grants(stack, shared, granted, grant, actions):
    """Who looks may describe, who writes may put: this delivery stream alone."""
    sink = Firehose(stack, shared())

    assert granted(getattr(sink, grant)) == {f"firehose:{action}": {"StreamsDelivery"} for action in actions}


def test_alarms(stack, shared):
    """Late and failed deliveries, lines in the error log, throttled records."""
    firehose = Firehose(stack, shared(firehose={"buffer_seconds": 60}, alarms={"delivery_late_seconds": 300}))
    watches = list(firehose.alarms())

    assert {watch.kind: watch.threshold for watch in watches if watch.of is firehose.delivery_stream} == {
        "delivery-late": 360,
        "delivery-errors": 1,
        "stream-throttles": 0,
    }
    assert [watch.kind for watch in watches if watch.of is firehose.delivery_logs] == ["delivery-errors"]


def test_graphs(stack, shared):
    """Beside those of every sink."""
    titles = {(graph.section, graph.title) for graph in Firehose(stack, shared()).graphs()}

    assert {
        ("Sinks", "Throttled by AWS"),
        ("Sinks", "On the way to the bucket, in s"),
        ("Cost", "Bytes in: streams"),
        ("Cost", "Records in"),
    } <= titles
