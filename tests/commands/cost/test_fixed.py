import pytest

from commands.cost.fixed import Resources, fixed, monthly, shards
from commands.cost.load import Load
from commands.cost.prices import read_prices

PRICES = read_prices()
FEW = Resources(alarms=2, alarm_metrics=3, queues=1, fifo_queues=1, secrets=1)


def resource(kind: str, **properties: object) -> dict:
    """One of a template."""
    return {"Type": kind, "Properties": properties}


def test_what_a_template_is_paid_for_by_the_month() -> None:
    """Alarms by the metrics they look at, event sources by the queue they ask."""
    stat = {"MetricStat": {}}
    template = {
        "Resources": {
            "One": resource("AWS::CloudWatch::Alarm", MetricName="Errors"),
            "Two": resource("AWS::CloudWatch::Alarm", Metrics=[stat, stat, {"Expression": "a / b"}]),
            "Queue": resource("AWS::SQS::Queue"),
            "Messages": resource("AWS::SQS::Queue", FifoQueue=True),
            "Idle": resource("AWS::SQS::Queue"),
            "A": resource("AWS::Lambda::EventSourceMapping", EventSourceArn={"Fn::GetAtt": ["Queue", "Arn"]}),
            "B": resource("AWS::Lambda::EventSourceMapping", EventSourceArn={"Fn::GetAtt": ["Messages", "Arn"]}),
            "Secret": resource("AWS::SecretsManager::Secret"),
        }
    }

    assert Resources.of(template) == FEW


@pytest.mark.parametrize(
    ("per_second", "size", "needed"), [(1, 1024, 1), (1000, 100, 1), (1001, 100, 2), (1000, 1024, 2), (100, 60_000, 6)]
)
def test_shards_take_records_and_bytes(per_second, size, needed) -> None:
    """Whichever of the two limits comes first."""
    assert shards(Load(per_second=per_second, size=size)) == needed


@pytest.mark.parametrize(
    ("changes", "stream"),
    [
        ({}, 29.20),
        ({"kinesis_mode": "provisioned", "retention_hours": 24}, 10.95),
        ({"kinesis_mode": "provisioned", "retention_hours": 168, "per_second": 1500}, 2 * 25.55),
        ({"sinks": ("firehose",)}, 0.0),
    ],
)
def test_a_month_of_the_stream(changes, stream) -> None:
    """An on-demand stream, each shard, or none."""
    with_stream = monthly(fixed(Load(**changes), FEW, PRICES))
    without = monthly(fixed(Load(sinks=("firehose",)), FEW, PRICES))

    assert with_stream - without == pytest.approx(stream)


def test_what_a_stage_may_not_have_is_in_no_sum() -> None:
    """The dashboard and a key of one's own."""
    costs = fixed(Load(), FEW, PRICES)

    assert {one.dollars for one in costs if one.sometimes} == {3.0, 1.0}
    assert monthly(costs) == pytest.approx(sum(one.dollars for one in costs) - 4.0)
