import pytest

from distributary_cdk.functions import CheckHealth, Ingest, Redrive
from distributary_cdk.keys import Keys
from distributary_cdk.sinks.registry import SINKS


@pytest.fixture
def made(stack, shared):
    """The sinks of a stack, and what each function is made with."""
    common = shared()
    sinks = [kind(stack, common) for kind in SINKS]
    settings = common.configuration.settings(delivery_stream_name="d", stream_name="s", message_queue_url="q")
    return common, {"sinks": sinks, "configuration": common.configuration, "settings": settings}


def test_ingest(stack, made, permissions_of):
    """It writes to each sink and reads keys; its milliseconds are a graph."""
    common, options = made
    keys = Keys(stack, "Keys", configuration=common.configuration)
    ingest = Ingest(stack, "Ingest", storage=common.storage, keys=keys, **options)
    may = permissions_of(ingest.role)

    assert may["sqs:SendMessage"] == {"IotEventsMessages", "SpillFirehose", "SpillKinesis", "SpillIotEvents"}
    assert {"kinesis:PutRecords", "kinesis:ListShards", "firehose:PutRecordBatch", "dynamodb:GetItem"} <= may.keys()
    assert may["s3:PutObject"] == {f"StreamsBucket/{prefix}/*" for prefix in ("spill", "dead-letters", "claims")}
    assert [graph.title for graph in ingest.graphs()] == ["Errors", "Throttles", "Milliseconds of ingest"]


def test_check_health(stack, made, permissions_of):
    """It looks, and its errors are alarms alone."""
    function = CheckHealth(stack, "CheckHealth", **made[1])
    may = permissions_of(function.role)

    assert may.keys() == {
        *("kinesis:DescribeStreamSummary", "firehose:DescribeDeliveryStream", "sqs:GetQueueAttributes"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
    }
    assert [*function.graphs()] == []


def test_redrive(stack, made, permissions_of):
    """It receives from each retry queue, and writes to each sink."""
    redrive = Redrive(stack, "Redrive", **made[1])
    may = permissions_of(redrive.role)

    assert may["sqs:ReceiveMessage"] == {f"Spill{kind.label}{which}" for kind in SINKS for which in ("", "SetAside")}
    assert {"kinesis:PutRecords", "firehose:PutRecordBatch"} <= may.keys()
    assert [graph.title for graph in redrive.graphs()] == ["Errors", "Throttles"]
