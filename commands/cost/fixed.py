"""What a stage costs a month without a single event."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from math import ceil
from pathlib import Path
from typing import Any

from commands.cost.items import record_bytes
from commands.cost.load import DAY_HOURS, Load
from commands.cost.prices import HOURS
from distributary.sinks.registry import EVERY_UNIT

FILE = Path(__file__).with_name("fresh_prod.json")
_POLLERS = 5
_POLLS = _POLLERS * 3 * 60 * 24 * 30
"""Long polls of 20 s in a month, by the five pollers that Lambda keeps for a queue."""
_SHARD_RECORDS, _SHARD_BYTES = 1000, 1 << 20
_BUFFER_SECONDS = 60


@dataclass(frozen=True)
class Resources:
    """What a template has of things that are paid by the month."""

    alarms: int
    alarm_metrics: int
    queues: int
    """Standard queues that a function is fed from."""
    fifo_queues: int
    secrets: int

    @classmethod
    def of(cls, template: Mapping[str, Any]) -> "Resources":
        """Counts them."""
        every = template["Resources"]
        kinds = {kind: [one for one in every.values() if one["Type"] == kind] for kind in _KINDS}
        alarms, sources, secrets = (kinds[kind] for kind in _KINDS)
        fed_by = [every[one["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]] for one in sources]
        fifo = sum(bool(queue["Properties"].get("FifoQueue")) for queue in fed_by)
        return cls(
            alarms=len(alarms),
            alarm_metrics=sum(map(_metrics_of, alarms)),
            queues=len(sources) - fifo,
            fifo_queues=fifo,
            secrets=len(secrets),
        )

    @classmethod
    def read(cls, file: Path = FILE) -> "Resources":
        """Those of a fresh stage `prod`, as `make reference` counted them."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def written(self) -> str:
        """The file's text."""
        return json.dumps({one.name: getattr(self, one.name) for one in fields(self)}, indent=2) + "\n"


_KINDS = ("AWS::CloudWatch::Alarm", "AWS::Lambda::EventSourceMapping", "AWS::SecretsManager::Secret")


@dataclass(frozen=True)
class Fixed:
    """Dollars a month; `sometimes` is not part of a sum."""

    name: str
    dollars: float
    sometimes: bool = False


def fixed(load: Load, resources: Resources, prices: Mapping[str, float]) -> list[Fixed]:
    """Every fixed cost of a month, the stream first."""
    return [*_streams(load, prices), *_watching(resources, prices), *_kept(resources, prices)]


def monthly(costs: list[Fixed]) -> float:
    """The sum of what a stage always has."""
    return sum(one.dollars for one in costs if not one.sometimes)


def shards(load: Load) -> int:
    """The fewest provisioned shards that take the load: 1,000 records and 1 MiB a second each."""
    size = load.per_second * record_bytes(load)
    return max(1, ceil(load.per_second / _SHARD_RECORDS), ceil(size / _SHARD_BYTES))


def _streams(load: Load, prices: Mapping[str, float]) -> Iterator[Fixed]:
    if "kinesis" in load.served and load.kinesis_mode == "on-demand":
        yield Fixed("an on-demand stream", HOURS * prices["kinesis-on-demand-hour"])
    elif "kinesis" in load.served:
        longer = prices["kinesis-shard-kept-hour"] if load.retention_hours > DAY_HOURS else 0.0
        number = shards(load)
        yield Fixed(f"{number} provisioned shards", number * HOURS * (prices["kinesis-shard-hour"] + longer))
    if "firehose" in load.served:
        objects = HOURS * 3600 / _BUFFER_SECONDS
        yield Fixed("an object a minute in S3", objects * prices["s3-put"])


def _watching(resources: Resources, prices: Mapping[str, float]) -> Iterator[Fixed]:
    yield Fixed(f"{len(EVERY_UNIT)} metrics of our own, at most", len(EVERY_UNIT) * prices["metric-month"])
    name = f"{resources.alarms} alarms, which are {resources.alarm_metrics} metrics; a stage may have none"
    yield Fixed(name, resources.alarm_metrics * prices["alarm-metric-month"])
    polls = resources.queues * prices["sqs-request"] + resources.fifo_queues * prices["sqs-fifo-request"]
    number = resources.queues + resources.fifo_queues
    yield Fixed(f"asking the {number} event sources' idle queues, before SQS's free million", _POLLS * polls)


def _kept(resources: Resources, prices: Mapping[str, float]) -> Iterator[Fixed]:
    yield Fixed("the secret that keys are derived from", resources.secrets * prices["secret-month"])
    yield Fixed("the dashboard: nothing for an account's first three, then", prices["dashboard-month"], sometimes=True)
    yield Fixed('a KMS key, with `encryption = "own-key"`', prices["kms-key-month"], sometimes=True)


def _metrics_of(alarm: Mapping[str, Any]) -> int:
    return max(1, sum("MetricStat" in one for one in alarm["Properties"].get("Metrics", [])))
