"""What docs/operating.md says in figures is what the code and the template say."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from commands.cost.load import Load
from commands.cost.pages import written
from distributary.aws import json_client, timeouts
from distributary.delivery import breaker, delivery, retry_queue
from distributary.delivery.storing import DeliverySettings
from distributary.events import Event
from distributary.http import health
from distributary.ingest.envelope import Posted, Sender, address, encode
from distributary.sinks.registry import UNITS
from distributary_cdk.configuration_file import read

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs/operating.md").read_text()
FUNCTIONS = {path.parent.name for path in ROOT.glob("lambdas/*/handler.py")}
SPILL_QUEUES = ("SpillFirehose", "SpillKinesis", "SpillIotEvents")


def rows(heading: str) -> dict[str, str]:
    """The first column of a section's table, and what stands beside it."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [re.split(r" ?\| ?", line)[1:3] for line in section.splitlines() if line.startswith("| ")]
    return dict(lines[1:])


def own_functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The functions of ours, by their folder."""
    every = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    said = {str(one.get("Description", "")).removeprefix("Distributary: ").replace(" ", "_"): one for one in every}
    return {folder: one for folder, one in said.items() if folder in FUNCTIONS}


def queues(template: dict[str, Any], *names: str) -> set[tuple[int, float, int]]:
    """What these queues say of visibility in seconds, of retention in days, and of receives."""
    found = [
        one["Properties"]
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::SQS::Queue" and name[:-8] in names
    ]
    assert len(found) == len(names)
    return {
        (one["VisibilityTimeout"], one["MessageRetentionPeriod"] / 86_400, one["RedrivePolicy"]["maxReceiveCount"])
        for one in found
    }


def test_how_long_calls_and_deliveries_take() -> None:
    """Each row about the library's own time is what its constants come to."""
    told, retry = rows("Time and memory"), DeliverySettings.retry_seconds
    most = 29 - timeouts.KEEPING - timeouts.ANSWER
    expected = {
        "a call to AWS: connect / read": f"{timeouts.CONNECT:g} s / {timeouts.READ:g} s",
        "attempts of a call, the first included": f"{timeouts.ATTEMPTS}; in between up to {timeouts.BACKOFF:g} s where "
        f"throttled, {json_client.TRANSIENT_BACKOFF:g} s where not",
        "the longest call": f"{timeouts.CALL:g} s",
        "the longest put of a sink (an IoT Events batch takes several calls, started within "
        f"{timeouts.ROUNDS:g} s)": f"{timeouts.PUT:g} s",
        "re-sending refused records": f"`retry_seconds` = {retry:g} s; pauses from [0, {delivery.BACKOFF_SECONDS:g} s) "
        f"doubling to [0, {delivery.BACKOFF_CAP_SECONDS:g} s)",
        "deliveries are over after": f"{retry + timeouts.PUT:g} s (`retry_seconds` + one put), at most {most:g} s",
        "left for spilling and dead letters": f"{timeouts.KEEPING:g} s",
        "left for the answer": f"{timeouts.ANSWER:g} s",
        "reading a key": f"{timeouts.READ_KEY:g} s",
        "circuit breaker: failures in a row / seconds open": f"{breaker.FAILURES} / {breaker.OPEN_SECONDS:g} s, "
        "in each environment, for each sink",
        "health is looked at": f"at most every {health.LOOKED_AT_SECONDS:g} s",
    }

    assert {name: told.get(name) for name in expected} == expected


def test_how_long_functions_run_and_what_memory_they_have(synthesised) -> None:
    """Every function stands in the table, with the time-out and the memory of the template."""
    functions = own_functions(synthesised("local")) | own_functions(synthesised("prod"))
    found = {}
    for name, said in rows("Time and memory").items():
        if name.startswith("function"):
            for folders, seconds in zip(name.split(" / "), said.split(" / "), strict=True):
                found |= {
                    folder: seconds.partition(",")[0] for folder in FUNCTIONS & {*re.findall(r"`(\w+)`", folders)}
                }

    assert found == {folder: f"{one['Timeout']} s" for folder, one in functions.items()}
    assert functions.keys() == FUNCTIONS
    [memory] = {one["MemorySize"] for one in functions.values()}
    assert rows("Time and memory")["memory of each function"] == f"`functions.memory_mb` = {memory}"


def test_how_long_queues_and_buffers_keep(synthesised) -> None:
    """Each row about a queue, the bucket or Firehose is what stands in the template."""
    template, told = synthesised("prod"), rows("Time and memory")
    assert queues(template, *SPILL_QUEUES) == {(174, 14, 1000)}
    assert queues(template, "IotEventsMessages") == {(120, 14, 1000)}
    assert queues(template, "DetectorsActions") == {(360, 14, 20)}
    assert queues(template, "DetectorsWakes") == {(120, 14, 1000)}
    [bucket] = [one for one in template["Resources"].values() if one["Type"] == "AWS::S3::Bucket"]
    life_cycle = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    expiry = {one.get("Prefix"): one.get("ExpirationInDays") for one in life_cycle}
    firehose = read(ROOT / "distributary.toml", "prod").firehose
    expected = {
        "retry queues: visibility / retention / receives": "174 s (six times the function) / 14 days / 1,000",
        "objects under `spill/` (what no message holds)": f"deleted after {expiry['spill/']} days; the queue forgets "
        "after 14",
        "message queue of IoT Events: visibility / retention / receives": "120 s / 14 days / 1,000",
        "queue of actions: visibility / retention / receives": "360 s / 14 days / 20",
        "queue of wake-ups: visibility / retention / receives": "120 s / 14 days / 1,000",
        "Firehose: buffer": f"`firehose.buffer_seconds` = {firehose.buffer_seconds} s or `buffer_mib` = "
        f"{firehose.buffer_mib}",
    }

    assert {name: told.get(name) for name in expected} == expected


def test_how_large_a_spilled_message_is() -> None:
    """The sentence about sizes has the figures of the code."""
    size, records = retry_queue.MAX_MESSAGE_BYTES >> 20, retry_queue.MESSAGE_RECORDS
    sentence = (
        f"a message of a retry queue is at most {size} MiB of gzip and base64, holds up to {records} records "
        f"and about {retry_queue.MAX_WEIGHT >> 10} KiB of them"
    )

    assert sentence in " ".join(TEXT.split())


def test_every_metric_is_explained() -> None:
    """Each number that a log line may carry is explained, and no other."""
    named = [name for first in rows("Numbers to watch") for name in re.findall(r"`([\w<>]+)`", first)]
    sinks = ("firehose", "kinesis", "iot_events")
    meant = [name.replace("<sink>", sink) for name in named for sink in (sinks if "<sink>" in name else sinks[:1])]

    assert sorted(meant) == sorted(UNITS)
    assert f"These are {len(UNITS)} names" in TEXT


def costs() -> dict[str, list[str]]:
    """The tables of the README's section about costs: the first column, and what stands beside it."""
    section = (ROOT / "README.md").read_text().split("\n## What it costs\n")[1].split("\n## ")[0]
    lines = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in section.splitlines()]
    return {line[0]: line[1:] for line in lines if len(line) > 1 and line[1][:1].isdigit() and line[0]}


def test_the_tables_of_costs_are_current(synthesised) -> None:
    """What is committed is what the arithmetic says of the template now: `make reference` writes it."""
    for page, text in written(synthesised("prod")).items():
        assert text == (ROOT / page).read_text(), f"{page} is old: make reference"


def test_what_a_million_events_costs() -> None:
    """A sum is the sum of the rows above it, to a cent."""
    rows = [(name, row) for name, row in costs().items() if len(row) == 3]
    place = next(number for number, (name, _) in enumerate(rows) if "as it is shipped" in name)
    total = rows[place][1]

    assert place == 8
    for column, dollars in enumerate(total):
        assert sum(float(row[column]) for _, row in rows[:place]) == pytest.approx(float(dollars), abs=0.01)


def test_the_arithmetic_has_the_settings_of_a_fresh_stage() -> None:
    """What `make cost` and the tables take for granted is what `prod` is shipped with."""
    prod, load = read(ROOT / "distributary.toml", "prod"), Load()

    assert (load.log_sample, load.sinks) == (prod.log_sample, tuple(prod.sinks))
    assert (load.kinesis_mode, load.retention_hours) == (prod.kinesis.mode, prod.kinesis.retention_hours)
    functions = prod.functions
    assert (load.memory_mb, load.system_log_level) == (functions.memory_mb, functions.system_log_level)


def test_what_is_billed_of_an_event() -> None:
    """A posted kilobyte is 1.2 in the stream, where each begun one is billed."""
    sender = Sender(source="distributary", type="distributary.event", key=str(uuid.uuid4()), time=1_700_000_000.5)
    [event] = address([Posted(0, f'"{"x" * 1022}"', None, "application/json")], sender, many=False)

    assert isinstance(event, Event)
    assert len(encode(event)) == pytest.approx(1.2 * 1024, rel=0.05)


def test_what_a_stage_costs_without_events(synthesised) -> None:
    """Alarms by their metrics, idle queues by their event sources: five long polls of 20 s, one at FIFO's price."""
    of = {"alarm": "AWS::CloudWatch::Alarm", "source": "AWS::Lambda::EventSourceMapping"}
    every = synthesised("prod")["Resources"].values()
    alarms, sources = ([one["Properties"] for one in every if one["Type"] == kind] for kind in of.values())
    metrics = [max(1, sum("MetricStat" in one for one in alarm.get("Metrics", []))) for alarm in alarms]
    polls = 5 * 3 * 60 * 24 * 30 / 1e6
    told = {name.partition(",")[0]: row[0] for name, row in costs().items() if len(row) == 1}

    assert f"{len(alarms)} alarms" in told
    assert f"which are {sum(metrics)} metrics" in " ".join(costs())
    assert float(told[f"{len(alarms)} alarms"]) == pytest.approx(sum(metrics) * 0.1)
    assert float(told[f"asking the {len(sources)} event sources' idle queues"]) == pytest.approx(
        polls * (0.4 * (len(sources) - 1) + 0.5), abs=0.01
    )
    assert sum(one["Type"] == "AWS::SecretsManager::Secret" for one in every) == 1
    assert told["the secret that keys are derived from"] == "0.40"


def test_the_settings_for_a_new_account(tmp_path) -> None:
    """They are taken, and no event source of the detectors has more than they say."""
    [block] = re.findall(r"```toml\n(.*?)```", TEXT.split("\n### A new account\n")[1].split("\n## ")[0], re.DOTALL)
    file = tmp_path / "distributary.toml"
    file.write_text(f"{(ROOT / 'distributary.toml').read_text()}\n{block}")
    dev = read(file, "dev")

    assert (dev.detectors.concurrency, dev.http.requests_per_second, dev.http.burst) == (2, 50, 5)
    assert set(vars(dev.functions.reserved_concurrency).values()) == {0}
