from decimal import Decimal

import pytest

from distributary.iot_events.engine.detector import (
    Detector,
    Timer,
    describe_variables,
    read_detector,
    variables_from,
    write_detector,
)
from distributary.iot_events.values import UNREADABLE, BadPayload

DETECTOR = Detector(
    key="k",
    state="A",
    variables={"i": 3, "d": Decimal("3.0"), "e": Decimal(2), "s": 'a"b', "b": True},
    timers={"t": Timer(1_700_000_060, 60, 2, fired=True, reported=True), "c": Timer(None, 60, 1)},
    inputs={"in": {"v": Decimal("20.0"), "n": None, "bad": UNREADABLE}},
    created=1_700_000_000_000,
    updated=1_700_000_060_000,
    cycles=7,
)


def test_a_detector_is_kept_as_one_json_string():
    """State, variables, timers, payloads and cycles in one string, numbers of either type as they were."""
    text = write_detector(DETECTOR)
    again = read_detector(text, key="k", created=DETECTOR.created, updated=DETECTOR.updated)

    assert again == DETECTOR
    assert {name: type(value) for name, value in again.variables.items()} == {
        name: type(value) for name, value in DETECTOR.variables.items()
    }
    assert "keyValue" not in text
    assert text == (
        '{"state":"A","cycles":7,"variables":{"i":3,"d":3.0,"e":2E0,"s":"a\\"b","b":true},'
        '"timers":{"t":[1700000060,60,2,1,1],"c":[null,60,1,0,0]},"inputs":{"in":{"v":20.0,"n":null,"bad":1E9999}}}'
    )


def test_what_a_detector_does_not_have_takes_no_room():
    """Without timers and payloads, neither is written."""
    assert write_detector(Detector("k", "A", cycles=1)) == '{"state":"A","cycles":1,"variables":{}}'


def test_variables_are_described_as_json_literals():
    """As DescribeDetector shows them, and as BatchUpdateDetector takes them back."""
    listed = describe_variables(DETECTOR.variables)

    assert [one["value"] for one in listed] == ["3", "3.0", "2.0", '"a\\"b"', "true"]
    assert variables_from(listed) == DETECTOR.variables


@pytest.mark.parametrize("text", ["normal", "", "null", "[1]", "{}", "1e9999", "01", "NaN"])
def test_a_variable_that_is_no_literal_is_refused(text):
    """An unquoted word, null, a container and a number outside the limits are no variable's value."""
    with pytest.raises(BadPayload, match="variable x"):
        variables_from([{"name": "x", "value": text}])


def test_a_container_is_refused_as_a_variable_unread(monkeypatch):
    """An operator's body may be megabytes: what cannot be a value is known by how it begins."""
    monkeypatch.setattr("distributary.iot_events.engine.detector.read_json", lambda _: pytest.fail("it was read"))
    for text in ('{"a":1}', " [1]", "\n[" * 1_000_000):
        with pytest.raises(BadPayload, match="variable x: neither string, number nor Boolean"):
            variables_from([{"name": "x", "value": text}])


def test_the_next_wake_up_is_for_the_earliest_timer_that_has_not_fired():
    """Fired and cleared timers wake nobody."""
    waiting = {"t": Timer(90, 60, 1), "u": Timer(80, 60, 1), "f": Timer(70, 60, 1, fired=True), "c": Timer(None, 60, 1)}

    assert Detector("k", timers=waiting).next_due() == 80
    assert DETECTOR.next_due() is None
    assert Detector("k").next_due() is None
    assert Detector("k", timers=waiting).listed_timers() == {"t": 90, "u": 80, "f": 70}
