import pytest
from aws_cdk import aws_iam as iam

from distributary_cdk.function import Function
from distributary_cdk.sinks.registry import SINKS

RECEIVING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}


@pytest.fixture(params=SINKS, ids=lambda kind: kind.name)
def sink(request, stack, shared):
    """Each sink, alone in its stack."""
    return request.param(stack, shared())


def test_names_and_outputs(stack, sink):
    """The settings of the functions have both URLs of the retry queue, the outputs the first."""
    urls = {kind: stack.resolve(sink.names[f"{sink.name}_{kind}_url"]) for kind in ("spill", "set_aside")}

    assert urls == {
        "spill": stack.resolve(sink.retry_queue.queue_url),
        "set_aside": stack.resolve(sink.retry_queue.dead_letters.queue_url),
    }
    assert stack.resolve(sink.outputs[f"{sink.label}SpillQueueUrl"]) == urls["spill"]


def test_who_writes_may_store_what_the_sink_refuses(stack, sink, granted, permissions_of):
    """In the sink's own retry queue, in objects, or as a dead letter; beside putting into the sink."""
    putting = new_role(stack)
    sink.grant_put(putting)
    writing = granted(sink.grant_write)
    put = permissions_of(putting)

    more = {
        "sqs:SendMessage": {f"Spill{sink.label}"},
        "s3:PutObject": {"StreamsBucket/spill/*", "StreamsBucket/dead-letters/*"},
    }
    assert writing == {**put, **{action: put.get(action, set()) | resources for action, resources in more.items()}}
    assert put


def test_who_looks_may_look_at_the_retry_queue(stack, sink, granted, permissions_of):
    """And at the sink, which may be a queue itself; and do nothing else."""
    describing = new_role(stack)
    sink.grant_describe(describing)
    looking = granted(sink.grant_look)
    described = permissions_of(describing)

    action = "sqs:GetQueueAttributes"
    assert looking == {**described, action: described.get(action, set()) | {f"Spill{sink.label}"}}
    assert described


def new_role(stack):
    """Someone to let in, beside the role that `granted` makes."""
    return iam.Role(stack, "Other", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def test_alarms(stack, sink):
    """Each sink's dead letters, refusals and waiting records have alarms of their own, under names that stay."""
    watches = list(sink.alarms())
    named = {watch.of: watch for watch in watches if isinstance(watch.of, str)}

    assert {name: (watch.kind, watch.threshold) for name, watch in named.items()} == {
        f"{sink.label}DeadLetters": ("dead-letters", 0),
        f"{sink.label}SinkRefuses": ("sink-refuses", 0),
        f"{sink.label}SpillAge": ("queue-age", 600),
    }
    assert {name: watch.metric.metric_name for name, watch in named.items()} == {
        f"{sink.label}DeadLetters": f"dead_letters_{sink.name}",
        f"{sink.label}SinkRefuses": f"spilled_{sink.name}",
        f"{sink.label}SpillAge": f"oldest_spilled_seconds_{sink.name}",
    }
    assert {sink.retry_queue, sink.retry_queue.dead_letters} <= {watch.of for watch in watches}


def test_graphs(sink):
    """What became of its events, and what waits."""
    lines = {(graph.section, graph.title): graph.metrics[0].metric_name for graph in sink.graphs()}
    expected = {
        ("Sinks", "Delivered at once"): f"delivered_{sink.name}",
        ("Sinks", "Spilled"): f"spilled_{sink.name}",
        ("Sinks", "Redriven"): f"redriven_{sink.name}",
        ("What waits", "Messages in the retry queues"): "ApproximateNumberOfMessagesVisible",
        ("What waits", "Oldest spilled record, in s"): f"oldest_spilled_seconds_{sink.name}",
        ("What waits", "Dead letters"): f"dead_letters_{sink.name}",
    }

    assert {place: lines.get(place) for place in expected} == expected


def test_redrive(stack, sink, configuration, permissions_of):
    """`redrive` gets the messages of both queues, and may read the objects that messages name."""
    settings = configuration.settings(delivery_stream_name="d", stream_name="s", message_queue_url="q")
    function = Function(stack, "Redrive", folder="redrive", configuration=configuration, settings=settings)
    sink.redrive_by(function)
    may = permissions_of(function.role)

    both = {f"Spill{sink.label}", f"Spill{sink.label}SetAside"}
    assert {action: resources for action, resources in may.items() if not action.startswith("logs:")} == {
        **dict.fromkeys(RECEIVING, both),
        "s3:GetObject": {"StreamsBucket/spill/*"},
    }
