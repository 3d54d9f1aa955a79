import json
import time
import timeit
from collections.abc import Callable
from typing import Any

import pytest
from bad_requests import CASES

from distributary.errors import BadEvent
from distributary.events import Event
from distributary.ingest.rules import Route, Rules
from distributary.iot_events.input import Input
from distributary.json_text.text import parse_json

REQUIRED = {"specversion": "1.0", "id": "id-1", "source": "/s", "type": "t"}


def event(case: dict[str, Any]) -> Event:
    """What a case says came in."""
    attributes = REQUIRED | case.get("attributes", {})
    if "data" in case:
        element = parse_json(case["data"])
        return Event(0, attributes, element.text, element.value)
    return Event(0, attributes, case["opaque"].encode() if "opaque" in case else None)


@pytest.mark.parametrize(
    "case", json.loads((CASES / "rules.json").read_text(encoding="utf-8")), ids=lambda case: case["name"]
)
def test_an_event_is_routed_as_the_case_says(case: dict[str, Any]) -> None:
    """The first rule whose condition is true chooses the sinks, the key and the input; else there is an error."""
    rules = Rules.from_tables(case["rules"], case.get("inputs", {}))

    if "route" in case:
        expected = case["route"]
        assert rules.route(event(case["event"])) == Route(**{"rule": 1, **expected, "sinks": tuple(expected["sinks"])})
        return
    with pytest.raises(BadEvent) as caught:
        rules.route(event(case["event"]))
    error = caught.value
    assert (error.code, error.detail, error.pointer) == (case["code"], case["detail"], case["pointer"])


def test_inputs_are_there_for_the_sink() -> None:
    """Their attributes, their key and what else they set, under their names; lists of the file become tuples."""
    tables = {"a": {"attributes": ["x.y", "`with blanks`.z"], "key": "x.y"}, "b": {"attributes": ["n"], "dedup": False}}

    rules = Rules.from_tables([{"sinks": ["iot_events"], "input": "a"}], tables)

    assert rules.inputs == {
        "a": Input("a", ("x.y", "`with blanks`.z"), "x.y"),
        "b": Input("b", ("n",), None, dedup=False),
    }


def test_data_is_no_expression() -> None:
    """What a client sends is compared, never run: text that reads like JMESPath is text."""
    rules = Rules.from_tables([{"when": "data.a == 'source'", "sinks": ["kinesis"], "partition_key": "data.a"}], {})

    assert rules.route(event({"data": '{"a":"source"}'})).partition_key == "source"


def test_a_thousand_events_are_routed_in_a_blink() -> None:
    """A condition and a key cost some ten times what it takes to parse the event; the bound is five times that."""
    rules = Rules.from_tables([{"when": "type == 't'", "sinks": ["kinesis"], "partition_key": "data.deviceId"}], {})
    data = '{"deviceId":"pump-7"}'
    one = event({"data": data})

    def quickest(call: Callable[[], object]) -> float:
        return min(timeit.repeat(call, timer=time.process_time, number=1000, repeat=5))

    assert quickest(lambda: rules.route(one)) < 50 * quickest(lambda: json.loads(data))
