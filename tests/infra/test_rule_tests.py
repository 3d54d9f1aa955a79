from pathlib import Path

import pytest

from distributary.errors import BadDefinition
from distributary_cdk.configuration import Configuration
from distributary_cdk.rule_plan import RulePlan
from distributary_cdk.rule_tests import check_rules

EXAMPLES = Path(__file__).parents[2] / "examples/detectors"
RULES = (
    {"when": "type == 'archive'", "sinks": ["firehose"]},
    {"sinks": ["kinesis", "iot_events"], "partition_key": "data.deviceId", "input": "telemetry"},
)
NO_EVENT = 'tests[0]: event: must be a table of CloudEvents attributes and data, such as {type = "a", data = {x = 1}}'
NO_TABLE = "tests[0]: expect: must be a table of rule, sinks, skipped, partition_key, input, rejected"
READING = {"type": "reading", "data": {"deviceId": "d-1", "temperature": 20}}


def stage(*tests: dict, **changes: object) -> Configuration:
    """A stage with two rules, an input that the examples' models read, and tests."""
    inputs = {"telemetry": {"attributes": ["deviceId"], "key": "deviceId"}}
    given = {"stage": "local", "rules": RULES, "inputs": inputs, "models": EXAMPLES, "tests": tests, **changes}
    return Configuration(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "expect"),
    [
        (READING, {"rule": 2, "sinks": ["kinesis", "iot_events"], "partition_key": "d-1", "input": "telemetry"}),
        ({"type": "archive"}, {"rule": 1, "sinks": ["firehose"], "skipped": []}),
        ({"data": {"deviceId": 7}}, {"rule": 2, "partition_key": "7"}),
        ({"data": {"a": 1}}, {"sinks": ["kinesis"], "skipped": ["iot_events"], "partition_key": "test"}),
        ({"data": {"deviceId": ["d"]}}, {"rejected": "InvalidPartitionKey"}),
        ({"Type": "a"}, {"rejected": "InvalidEvent"}),
    ],
)
def test_what_a_test_expects_is_what_the_rules_do(event: dict, expect: dict) -> None:
    """Rule, sinks, who skips it, key and input; or the code of the rejection."""
    check_rules(stage({"event": event, "expect": expect}))


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        ({"event": READING, "expect": {"rule": 1}}, "tests[0]: expected rule = 1, found 2"),
        (
            {"name": "a reading", "event": READING, "expect": {"sinks": ["firehose"]}},
            """tests[0] 'a reading': expected sinks = ["firehose"], found ["kinesis", "iot_events"]""",
        ),
        ({"event": READING, "expect": {"rejected": "NoRule"}}, 'tests[0]: expected rejected = "NoRule", found nothing'),
        (
            {"event": {"data": {"deviceId": {}}}, "expect": {"rule": 2}},
            "tests[0]: expected rule = 2, found nothing (the partition key must be a string, a number or a Boolean)",
        ),
        ({"event": READING}, NO_TABLE),
        ({"event": READING, "expect": {}}, NO_TABLE),
        ({"event": READING, "expect": {"sink": 1}}, NO_TABLE),
        ({"event": "x", "expect": {"rule": 1}}, NO_EVENT),
        ({"events": READING, "expect": {"rule": 1}}, "tests[0]: events is not one of name, event, expect"),
    ],
)
def test_a_difference_is_a_fault_with_its_place(test: dict, fault: str) -> None:
    """What was expected and what is, with the reason of a rejection."""
    with pytest.raises(BadDefinition) as caught:
        check_rules(stage(test))

    assert caught.value.faults == (fault,)


def test_every_test_is_looked_at() -> None:
    """All differences at once."""
    wrong = {"event": READING, "expect": {"rule": 1, "partition_key": "x"}}

    with pytest.raises(BadDefinition) as caught:
        check_rules(stage(wrong, {"event": READING, "expect": {"rule": 2}}, wrong))

    assert [fault[:9] for fault in caught.value.faults] == ["tests[0]:", "tests[0]:", "tests[2]:", "tests[2]:"]


def test_a_stage_with_fewer_sinks_has_a_plan() -> None:
    """The others are not opened."""
    plan = RulePlan(stage(sinks=("firehose",), rules=({"sinks": ["firehose"]},)))

    assert [*plan.of(b'{"a":1}')["events"][0]["sinks"]] == ["firehose"]


def test_a_body_that_cannot_be_taken_is_a_problem() -> None:
    """With the code that the endpoint would answer."""
    assert RulePlan(stage()).of(b"{")["code"] == "MalformedJson"
