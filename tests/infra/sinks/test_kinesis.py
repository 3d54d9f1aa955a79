import pytest
from aws_cdk.assertions import Template

from distributary_cdk.sinks.kinesis import Kinesis


def test_provisioned_stream(stack, shared, properties):
    """A provisioned stream has its shards, retention and record size as configured, encrypted with AWS's own key."""
    kinesis = {"mode": "provisioned", "shards": 3, "retention_hours": 48, "max_record_kib": 2048}
    Kinesis(stack, shared(kinesis=kinesis))

    assert properties("AWS::Kinesis::Stream") == {
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "ShardCount": 3,
        "RetentionPeriodHours": 48,
        "MaxRecordSizeInKiB": 2048,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
    }


def test_on_demand_stream(stack, shared, properties):
    """An on-demand stream has no shard count."""
    Kinesis(stack, shared(kinesis={"mode": "on-demand", "shards": 3}))

    stream = properties("AWS::Kinesis::Stream")
    assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in stream


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, shared, retain, policy):
    """The stream stays or goes with the stack as the stage says."""
    Kinesis(stack, shared(retain=retain, bucket={"empty_on_destroy": False}))

    Template.from_stack(stack).has_resource("AWS::Kinesis::Stream", {"DeletionPolicy": policy})


def test_functions_and_commands_know_the_stream(stack, shared):
    """Each name and ARN is the one of its resource."""
    kinesis = Kinesis(stack, shared())
    [stream] = Template.from_stack(stack).find_resources("AWS::Kinesis::Stream")

    assert stack.resolve(kinesis.names["stream_name"]) == {"Ref": stream}
    assert stack.resolve(kinesis.outputs["StreamName"]) == {"Ref": stream}
    assert stack.resolve(kinesis.outputs["StreamArn"]) == {"Fn::GetAtt": [stream, "Arn"]}


@pytest.mark.parametrize(
    ("grant", "actions"),
    [
        ("grant_describe", {"DescribeStreamSummary"}),
        ("grant_put", {"PutRecords"}),
        ("grant_api", {"DescribeStreamSummary", "PutRecord", "DescribeStream", "ListShards"}),
    ],
)
def test_grants(stack, shared, granted, grant, actions):
    """Who looks may describe, who writes may put, who lists may list shards: of this stream alone."""
    sink = Kinesis(stack, shared())

    assert granted(getattr(sink, grant)) == {f"kinesis:{action}": {"StreamsStream"} for action in actions}


def test_who_puts_may_use_the_key(stack, shared, granted):
    """Where the stage has its own."""
    kinesis = Kinesis(stack, shared(encryption="own-key"))

    assert granted(kinesis.grant_put) == {"kinesis:PutRecords": {"StreamsStream"}, "kms:GenerateDataKey": {"Key"}}


def test_alarms(stack, shared):
    """Throttled writes, and consumers that may lose records after half of the retention."""
    kinesis = Kinesis(stack, shared(kinesis={"retention_hours": 48}))
    own = {watch.kind: watch.threshold for watch in kinesis.alarms() if watch.of is kinesis.stream}

    assert own == {"stream-throttles": 0, "stream-behind": 24 * 3_600_000}


def test_graphs(stack, shared):
    """Beside those of every sink."""
    titles = {(graph.section, graph.title) for graph in Kinesis(stack, shared()).graphs()}

    assert {
        ("Sinks", "Throttled by AWS"),
        ("Sinks", "Consumers of Kinesis behind, in ms"),
        ("Cost", "Bytes in: streams"),
        ("Cost", "Records in"),
    } <= titles
