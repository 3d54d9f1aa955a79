import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fake_clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from distributary.aws import timeouts
from distributary.delivery.delivery import deadline, deliver
from distributary.errors import SinkUnavailable
from distributary.events import Failure, Outcome, Receipt

CASES = json.loads((Path(__file__).parents[2] / "cases/delivery.json").read_text())
RETRYABLE = {"Throttled"}


@dataclass
class ScriptedSink:
    """Takes one-letter records; each put answers as the next line of its script says, and is written down."""

    puts: list[dict[str, Any]]
    time: FakeClock
    max_records: int = 500
    max_bytes: int = 1000
    max_record_bytes: int = 1000
    name: str = "kinesis"
    sent: list[str] = field(default_factory=list)

    def size(self, record: str) -> int:
        return len(record)

    def put(self, records) -> list[Outcome]:
        line = self.puts[len(self.sent)]
        self.sent.append("".join(records))
        self.time.now += line.get("seconds", 0)
        if "failed" in line:
            divisible = line.get("divisible", False)
            raise SinkUnavailable(line["failed"], "scripted", retryable=line["retryable"], divisible=divisible)
        refused = line.get("refused", {})
        return [
            Failure(refused[record], "scripted", retryable=refused[record] in RETRYABLE)
            if record in refused
            else Receipt({"stored": record})
            for record in records
        ]


def word(outcome: Outcome) -> str:
    """What a scenario calls an outcome."""
    return "stored" if isinstance(outcome, Receipt) else outcome.code


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_scenario(case) -> None:
    """Each scenario's refusals lead to its puts, its pauses and its outcomes."""
    time = FakeClock(drawn=case.get("drawn", 0.5))
    sink = ScriptedSink(
        case["puts"], time, max_records=case.get("max_records", 500), max_bytes=case.get("max_bytes", 1000)
    )

    end, divide = case.get("deadline", 100.0), case.get("divide", False)
    outcomes = deliver(sink, case["records"], deadline=end, clock=time.clock, divide=divide)

    told = dict(zip(case["records"], outcomes, strict=True))
    assert sink.sent == case["sent"]
    assert time.sleeps == case["sleeps"]
    assert {record: word(outcome) for record, outcome in told.items()} == case["outcomes"]
    permanent = {record for record, outcome in told.items() if isinstance(outcome, Failure) and outcome.permanent}
    assert permanent == set(case.get("permanent", ""))


REFUSALS = st.dictionaries(st.integers(0, 30), st.sampled_from(["Throttled", "KMSKeyGone"]))
PUTS = st.one_of(
    st.builds(lambda refused, seconds: {"refused": refused, "seconds": seconds}, REFUSALS, st.floats(0.1, 2)),
    st.builds(lambda retryable: {"failed": "Down", "retryable": retryable}, st.booleans()),
)
LIMITS = st.fixed_dictionaries({"max_records": st.integers(1, 7), "max_bytes": st.integers(4, 20)})


@dataclass
class RandomSink(ScriptedSink):
    """A scripted sink of numbered records whose script starts again at its end; it writes down what it stored."""

    stored: Counter[int] = field(default_factory=Counter)
    refused: set[int] = field(default_factory=set)

    def size(self, record: int) -> int:
        return record % 5

    def put(self, records) -> list[Outcome]:
        assert len(records) <= self.max_records
        assert sum(map(self.size, records)) <= self.max_bytes
        assert not self.stored.keys() & set(records), "an accepted record was sent again"
        assert not self.refused & set(records), "a finally refused record was sent again"
        line = self.puts[len(self.sent) % len(self.puts)]
        self.sent.append("")
        self.time.now += line.get("seconds", 0)
        if "failed" in line:
            self.refused |= set(records)
            raise SinkUnavailable(line["failed"], "scripted", retryable=line["retryable"])
        codes = [line["refused"].get(record) for record in records]
        self.stored.update(record for record, code in zip(records, codes, strict=True) if code is None)
        self.refused |= {record for record, code in zip(records, codes, strict=True) if code == "KMSKeyGone"}
        return [Failure(code, "", retryable=code in RETRYABLE) if code else Receipt({"n": n})
                for n, code in zip(records, codes, strict=True)]  # fmt: skip


@given(
    count=st.integers(0, 31),
    puts=st.lists(PUTS, min_size=1, max_size=8),
    limits=LIMITS,
    end=st.floats(0, 40),
    drawn=st.floats(0, 0.999),
)
def test_each_record_has_one_outcome_and_no_accepted_record_is_sent_again(count, puts, limits, end, drawn) -> None:
    """For any batch and any script of refusals: outcomes in order, stored exactly those that say so, once each."""
    time = FakeClock(drawn=drawn)
    sink = RandomSink(puts, time, **limits)

    outcomes = deliver(sink, range(count), deadline=end, clock=time.clock)

    assert len(outcomes) == count
    assert [outcome.values["n"] for outcome in outcomes if isinstance(outcome, Receipt)] == sorted(sink.stored)
    assert all(times == 1 for times in sink.stored.values())
    assert all(n in sink.stored for n, outcome in enumerate(outcomes) if isinstance(outcome, Receipt))


class PickySink(ScriptedSink):
    """Refuses every call that has a capital letter among its records."""

    def put(self, records) -> list[Outcome]:
        self.sent.append("".join(records))
        if not "".join(records).islower():
            raise SinkUnavailable("InvalidArgumentException", "a capital", retryable=False, divisible=True)
        return [Receipt({"stored": record}) for record in records]


@given(st.text("abcdEF", max_size=40), LIMITS)
def test_records_that_spoil_a_call_do_not_keep_the_others_from_passing(records, limits) -> None:
    """Whichever they are: each of them is refused for good, every other record is stored once, in few calls."""
    sink = PickySink([], FakeClock(), **limits)

    outcomes = deliver(sink, records, deadline=100.0, clock=sink.time.clock, divide=True)

    assert [isinstance(outcome, Receipt) for outcome in outcomes] == [record.islower() for record in records]
    assert all(outcome.permanent for outcome in outcomes if isinstance(outcome, Failure))
    assert "".join(sent for sent in sink.sent if sent.islower()) == "".join(filter(str.islower, records))
    assert len(sink.sent) <= 2 * len(records)


@pytest.mark.parametrize(("remaining", "expected"), [(29.0, 5.0 + timeouts.PUT), (20.0, 8.5), (0.0, -11.5)])
def test_the_deadline_leaves_time_for_the_last_put_for_keeping_and_for_the_answer(remaining, expected) -> None:
    """Retries end after `retry_seconds`, or sooner where the function has less left."""
    time = FakeClock(now=100.0)

    assert deadline(remaining=remaining, retry_seconds=5.0, clock=time.clock) == pytest.approx(100.0 + expected)


def test_what_a_failed_call_said_is_the_failure_of_each_of_its_records() -> None:
    """Code and words are the call's; nothing in it asks for another put at once."""
    sink = ScriptedSink([{"failed": "Down", "retryable": True}], FakeClock())

    assert (
        deliver(sink, "ab", deadline=100.0, clock=sink.time.clock)
        == [Failure("Down", "scripted", retryable=False, permanent=False)] * 2
    )


def test_a_failed_call_is_divided_only_where_that_is_asked_for() -> None:
    """Without `divide` a call that a single record may have spoilt is one put, and all of it fails."""
    sink = PickySink([], FakeClock())

    assert [word(outcome) for outcome in deliver(sink, "aB", deadline=100.0, clock=sink.time.clock)] == [
        "InvalidArgumentException",
        "InvalidArgumentException",
    ]
    assert sink.sent == ["aB"]


class SilentSink(ScriptedSink):
    """Says nothing of the last record of each call."""

    def put(self, records) -> list[Outcome]:
        return [Receipt({"stored": record}) for record in records[:-1]]


def test_a_sink_that_leaves_a_record_without_an_outcome_is_an_error() -> None:
    """A sink's answer has an outcome for each record, or no record can be told from its neighbour."""
    with pytest.raises(ValueError, match="zip"):
        deliver(SilentSink([], FakeClock()), "abc", deadline=100.0, clock=FakeClock().clock)
