"""What docs/operating.md says in figures is what the code and the template say."""

import re
from pathlib import Path
from typing import Any

from distributary import breaker, delivery, spill, timeouts
from distributary.http import health
from distributary.metrics import UNITS
from distributary.settings import Settings
from distributary.sinks import json_client
from infra.configuration_file import read

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
    said = {one.get("Description", "").removeprefix("Distributary: ").replace(" ", "_"): one for one in every}
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
    told, retry = rows("Time and memory"), Settings.retry_seconds
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
        "spill queues: visibility / retention / receives": "174 s (six times the function) / 14 days / 1,000",
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
    assert f"a spill message is at most {spill.MAX_MESSAGE_BYTES >> 20} MiB of gzip and base64, holds up to " in TEXT
    assert f"holds up to {spill.MAX_RECORDS} records and about {spill.MAX_WEIGHT >> 10} KiB of them" in TEXT


def test_every_metric_is_explained() -> None:
    """Each number that a log line may carry is explained, and no other."""
    named = [name for first in rows("Numbers to watch") for name in re.findall(r"`([\w<>]+)`", first)]
    sinks = ("firehose", "kinesis", "iot_events")
    meant = [name.replace("<sink>", sink) for name in named for sink in (sinks if "<sink>" in name else sinks[:1])]

    assert sorted(meant) == sorted(UNITS)
    assert f"These are {len(UNITS)} names" in TEXT
