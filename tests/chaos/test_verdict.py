import json

import pytest

from chaos.verdict import Verdict, content_faults, delivery_faults, duplicates, lost, table, undelivered

EVENTS = {"a": {"n": 1}, "b": {"n": 2}}


def found(**sinks):
    """What the sinks hold: for each the ids with the data of their copies."""
    held = {
        sink: {name: [("s", "t", json.dumps(data)) for data in copies] for name, copies in ids.items()}
        for sink, ids in sinks.items()
    }
    whole = {name: [("s", "t", json.dumps(data))] for name, data in EVENTS.items()}
    return {sink: held.get(sink, whole) for sink in ("firehose", "kinesis", "iot_events")}


def test_what_is_neither_delivered_nor_a_dead_letter_is_lost():
    """By sink; a dead letter of another sink excuses nothing."""
    lacking = undelivered({"a", "b"}, found(kinesis={"a": [EVENTS["a"]]}, firehose={}))

    assert lost(lacking, {"firehose": {"a"}, "iot_events": {"b"}}) == {
        "firehose": {"b"},
        "kinesis": {"b"},
        "iot_events": set(),
    }


def test_what_was_not_accepted_is_not_lost_but_still_a_fault():
    """After all retries every event must have been accepted."""
    lacking = lost(undelivered({"a"}, found(kinesis={"a": [EVENTS["a"]]})), {})

    assert delivery_faults(EVENTS, {"a"}, lacking) == ["1 events were never accepted, such as b"]
    assert delivery_faults(EVENTS, EVENTS, {"kinesis": {"a"}}) == ["1 accepted events are lost in kinesis, such as a"]


@pytest.mark.parametrize(
    ("kinesis", "fault"),
    [
        ({"a": [{"n": 1}], "b": [{"n": 2}, {"n": 2}]}, None),
        ({"x": [{"n": 1}]}, "1 events in kinesis which nobody sent, such as x"),
        ({"a": [{"n": 9}]}, "1 events in kinesis with another content, such as a"),
    ],
)
def test_an_event_that_nobody_sent_or_that_changed_is_a_fault(kinesis, fault):
    """A second copy is none."""
    assert content_faults(EVENTS, found(kinesis=kinesis)) == ([fault] if fault else [])


def test_two_contents_under_one_id_are_a_fault():
    """Also where the data is the same and the source is not."""
    sinks = found()
    sinks["firehose"]["a"].append(("another source", "t", json.dumps(EVENTS["a"])))

    assert content_faults(EVENTS, {**sinks, "kinesis": {}, "iot_events": {}}) == [
        "1 events in firehose with two contents under one id, such as a"
    ]


def test_duplicates_are_the_copies_beyond_the_first():
    """Of all sinks together."""
    assert duplicates(EVENTS, found(kinesis={"a": [EVENTS["a"]] * 3}, firehose={"b": [EVENTS["b"]] * 2})) == 3


def test_the_table_has_a_line_for_each_scenario():
    """With its numbers, and whether it held."""
    delivered = {"firehose": 20, "kinesis": 19, "iot_events": 20}
    bad = Verdict(1, "one", 20, 20, delivered, 3, 0, 1, ["lost"], spilled=4, injected=7, seconds=2.4)
    good = Verdict(2, "another", 20, 20, delivered, 0, 1, 0, [])
    head, _, first, second = table([bad, good]).splitlines()

    assert " ".join(head.split()) == "# scenario sent accepted S3 Kinesis IoT Events spilled twice dead lost faults s"
    assert " ".join(first.split()) == "1 one 20 20 20 19 20 4 3 0 1 7 2 FAILED"
    assert second.endswith("ok")
