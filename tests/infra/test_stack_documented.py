"""What docs/ says in figures is what the code and the template say."""

import re
import uuid
from pathlib import Path

import pytest

from commands.cost.load import Load
from commands.cost.pages import written
from commands.reference.__main__ import written as reference
from commands.reference.template import functions, of_type
from distributary.delivery import retry_queue
from distributary.events import Event
from distributary.ingest.envelope import Posted, Sender, address, encode
from distributary.sinks.registry import EVERY_UNIT
from distributary_cdk.configuration_file import read

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs/how-to/capacity.md").read_text()
OBSERVE = (ROOT / "docs/how-to/observe.md").read_text()
LIMITS = (ROOT / "docs/reference/limits-and-timeouts.md").read_text()
FUNCTIONS = {path.parent.name for path in ROOT.glob("lambdas/*/handler.py")}


def test_the_reference_is_current(synthesised) -> None:
    """What is committed is what the code and the template say now: `make reference` writes it.

    Python's versions wrap a command's help differently, so white space does not count.
    """
    for page, text in reference(synthesised("prod")).items():
        assert text.split() == (ROOT / page).read_text().split(), f"{page} is old: make reference"


def test_every_function_has_its_time_out_and_memory(synthesised) -> None:
    """In the table, or in the sentence about the one that only some stages have."""
    deployed = functions(synthesised("local")) | functions(synthesised("prod"))
    told = dict(re.findall(r"^\| `(\w+)` \| (\d+) s \| \d+ MB ", LIMITS, re.MULTILINE))
    [seconds] = re.findall(r"`take_messages`, with a time-out of (\d+) s", LIMITS)

    assert {**told, "take_messages": seconds} == {folder: str(one["Timeout"]) for folder, one in deployed.items()}
    assert deployed.keys() == FUNCTIONS
    [memory] = {one["MemorySize"] for one in deployed.values()}
    assert f"`functions.memory_mb` = {memory}" in LIMITS


def test_a_topic_rule_is_tried_as_the_page_has_it(synthesised) -> None:
    """How often, for how long, and how long its error queue keeps what is left."""
    call = next(one for _, one in of_type(synthesised("local"), "AWS::Lambda::EventInvokeConfig"))
    [dead] = [one for name, one in of_type(synthesised("local"), "AWS::SQS::Queue") if name.endswith("DeadRules")]
    sentence = (
        f"tries a topic rule's call {call['MaximumRetryAttempts'] + 1} times, with pauses of one and two minutes, "
        f"for at most {call['MaximumEventAgeInSeconds'] // 3600} h."
    )

    assert sentence in " ".join(LIMITS.split())
    assert f"keeps it for {dead['MessageRetentionPeriod'] // 86_400} days" in LIMITS


def test_how_large_a_spilled_message_is() -> None:
    """The sentence about sizes has the figures of the code."""
    size, records = retry_queue.MAX_MESSAGE_BYTES >> 20, retry_queue.MESSAGE_RECORDS
    sentence = (
        f"A message of a retry queue is at most {size} MiB of gzip and base64, holds up to {records} records "
        f"and about {retry_queue.MAX_WEIGHT >> 10} KiB of them"
    )

    assert sentence in " ".join(LIMITS.split())


def test_how_long_firehose_buffers() -> None:
    """The sentence has the shipped settings."""
    firehose = read(ROOT / "distributary.toml", "prod").firehose

    assert (
        f"`firehose.buffer_seconds` ({firehose.buffer_seconds} s) or `firehose.buffer_mib` ({firehose.buffer_mib} MiB)"
        in LIMITS
    )


def test_the_count_of_metrics() -> None:
    """As the page of costs has it."""
    assert f"All {len(EVERY_UNIT)} metrics together are ${len(EVERY_UNIT) * 0.3:.2f} a month" in " ".join(
        OBSERVE.split()
    )


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
    [block] = re.findall(r"```toml\n(.*?)```", TEXT.split("\n## A new account\n")[1].split("\n## ")[0], re.DOTALL)
    file = tmp_path / "distributary.toml"
    file.write_text(f"{(ROOT / 'distributary.toml').read_text()}\n{block}")
    dev = read(file, "dev")

    assert (dev.detectors.concurrency, dev.http.requests_per_second, dev.http.burst) == (2, 50, 5)
    assert set(vars(dev.functions.reserved_concurrency).values()) == {0}
