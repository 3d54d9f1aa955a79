import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from written_out import written_out

from distributary.errors import BadDefinition
from distributary.http.request import Request
from distributary_testing import IotEvents, mock_iot_events

ROOT = Path(__file__).parents[2]
WIRE = json.loads((ROOT / "tests/cases/iot_events_wire.json").read_text())
FAULTS = {"refuse", "refuse_always", "fail_after", "failure", "remaining"}


def events(*pairs: tuple[str, dict]) -> dict:
    """A state's events: conditions with one action each."""
    listed = [{"eventName": str(place), "condition": one, "actions": [act]} for place, (one, act) in enumerate(pairs)]
    return {"events": listed}


def topic(name: str) -> dict:
    """An action that publishes to the topic."""
    return {"iotTopicPublish": {"mqttTopic": name}}


def make(control, name: str, *pairs: tuple[str, dict], inputs: tuple[str, ...] = ("in",), key: str = "k") -> None:
    """A model of one state with these events, and its inputs."""
    known = {one["inputName"] for one in control.list_inputs()["inputSummaries"]}
    for one in {*inputs} - known:
        control.create_input(inputName=one, inputDefinition={"attributes": [{"jsonPath": "k"}]})
    definition = {"initialStateName": "S", "states": [{"stateName": "S", "onInput": events(*pairs)}]}
    control.create_detector_model(detectorModelName=name, key=key, roleArn="any", detectorModelDefinition=definition)


def put(data, *payloads: dict, ids: str = "m", name: str = "in") -> list:
    """The error entries of a call with these payloads."""
    messages = [
        {"messageId": f"{ids}{place}", "inputName": name, "payload": json.dumps(one).encode()}
        for place, one in enumerate(payloads)
    ]
    return data.batch_put_message(messages=messages)["BatchPutMessageErrorEntries"]


def topics(iot_events: IotEvents) -> list:
    """Key and topic of each action."""
    return [(one.key, one.parameters["mqttTopic"]) for one in iot_events.actions]


TIMED = (
    ("currentInput('in')", {"setTimer": {"timerName": "t", "durationExpression": "$input.in.s"}}),
    ("timeout('t')", topic("over")),
)


def test_timers_go_off_in_the_order_in_which_they_are_due(iot_events, control, data) -> None:
    """Each at its own time, whatever order they were set in and however far the clock is moved at once."""
    make(control, "m", *TIMED)
    put(data, {"k": "late", "s": 5000}, {"k": "soon", "s": 100}, {"k": "between", "s": 1000})

    iot_events.advance(10_000)

    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert [(one.key, one.time - start) for one in iot_events.actions] == [
        ("soon", timedelta(seconds=100)),
        ("between", timedelta(seconds=1000)),
        ("late", timedelta(seconds=5000)),
    ]
    assert iot_events.now == start + timedelta(seconds=10_000)


def test_a_timer_that_sets_itself_again_goes_off_again(iot_events, control, data) -> None:
    """As often as the time that passes has room for it."""
    again = ("timeout('t')", {"resetTimer": {"timerName": "t"}})
    make(control, "m", *TIMED, again)
    put(data, {"k": "k", "s": 60})

    iot_events.advance(200)

    assert topics(iot_events) == [("k", "over")] * 3


def test_the_clock_does_not_run_backwards_and_knows_its_zone(iot_events) -> None:
    """Both would be a mistake of the test."""
    iot_events.advance(0.5)
    assert iot_events.now.microsecond == 500_000
    with pytest.raises(ValueError, match="backwards"):
        iot_events.move_to(datetime(2025, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="zone"):
        iot_events.move_to(datetime(2027, 1, 1))  # noqa: DTZ001 - that is what is refused


@pytest.mark.covers("decision.dedup-scope")
@pytest.mark.parametrize(("later", "times"), [(0, 1), (299, 1), (300, 2)])
def test_a_message_id_is_taken_once_in_five_minutes(iot_events, control, data, later, times) -> None:
    """Of the mock's clock, from when it was taken; the answer is the same."""
    make(control, "m", ("$input.in.k != ''", topic("seen")))
    put(data, {"k": "a"})

    iot_events.advance(later)

    assert put(data, {"k": "a"}) == []
    assert topics(iot_events) == [("a", "seen")] * times


@pytest.mark.covers("decision.dedup-scope")
def test_the_same_message_id_for_another_key_or_input_is_another_message(iot_events, control, data) -> None:
    """The id is one of a model, a key and an input."""
    either = "$input.in.k != '' || $input.other.k != ''"
    make(control, "m", (either, topic("seen")), inputs=("in", "other"))

    put(data, {"k": "a"})
    put(data, {"k": "b"})
    put(data, {"k": "a"}, name="other")

    assert topics(iot_events) == [("a", "seen"), ("b", "seen"), ("a", "seen")]


@pytest.mark.covers("decision.dedup-scope")
@pytest.mark.parametrize("loaded", [False, True])
def test_producers_with_constant_ids_are_heard_each_time_without_dedup(control, data, tmp_path, loaded) -> None:
    """Of inputs that were made, and of those that only a model names."""
    with mock_iot_events(dedup=False) as iot_events:
        event = {"eventName": "e", "condition": "$input.in.k != ''", "actions": [topic("seen")]}
        states = [{"stateName": "S", "onInput": {"events": [event]}}]
        named = {"detectorModelName": "m", "detectorModelDefinition": {"initialStateName": "S", "states": states}}
        if loaded:
            (tmp_path / "m.json").write_text(json.dumps(named))
            iot_events.load(tmp_path / "m.json", key="k")
        else:
            make(control, "m", ("$input.in.k != ''", topic("seen")))

        for _ in range(2):
            assert put(data, {"k": "a"}) == []

        assert topics(iot_events) == [("a", "seen")] * 2


def test_a_detector_may_message_another(iot_events, control, data) -> None:
    """An `iotEvents` action reaches whatever reads the input, until ten have handed it on."""
    content = {"contentExpression": '\'{"k": "x"}\'', "type": "JSON"}
    send = {"iotEvents": {"inputName": "in", "payload": content}}
    make(control, "m", ("$input.in.k != ''", send))

    put(data, {"k": "x"})

    assert [one.kind for one in iot_events.actions] == ["iotEvents"] * 11
    assert ["TooManyHops" in line.fields["error"] for line in iot_events.log] == [True]


def test_what_a_timer_sets_off_happens_at_its_time(iot_events, control, data) -> None:
    """A message that it sends is taken then, so that a timer which that one sets is over in the same stretch."""
    content = {"contentExpression": '\'{"k": "x", "s": 100}\'', "type": "JSON"}
    hand_on = ("timeout('first')", {"iotEvents": {"inputName": "in", "payload": content}})
    first = ("currentInput('start')", {"setTimer": {"timerName": "first", "seconds": 100}})
    make(control, "starts", first, hand_on, inputs=("start",))
    make(control, "m", *TIMED)
    put(data, {"k": "a"}, name="start")

    iot_events.advance(250)

    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert [(one.kind, (one.time - start).seconds) for one in iot_events.actions] == [
        ("iotEvents", 100),
        ("iotTopicPublish", 200),
    ]


def test_many_detectors_act_in_the_same_order_each_time(control, data) -> None:
    """More than one call of the queue takes."""
    orders = []
    for _ in range(3):
        with mock_iot_events() as iot_events:
            make(control, "m", ("$input.in.k != ''", topic("seen")))
            put(data, *({"k": f"k{number}"} for number in range(100)))
            orders.append(topics(iot_events))

    assert orders[0] == [(f"k{number}", "seen") for number in range(100)]
    assert orders == [orders[0]] * 3


def test_files_are_loaded_as_the_stack_reads_them(iot_events, data) -> None:
    """Inputs that the models read are known then; time makes the shipped heartbeat fall silent."""
    assert iot_events.load(*sorted((ROOT / "examples/detectors").glob("*.json"))) == [
        "device_heartbeat",
        "temperature_alarm",
    ]

    put(data, {"deviceId": "d1", "temperature": 20.5}, name="telemetry")
    iot_events.advance(300)

    [action] = [one for one in iot_events.actions if one.model == "device_heartbeat"]
    assert (action.key, action.json()["eventName"]) == ("d1", "silent")


def test_a_file_with_an_error_is_refused_with_each_of_them(iot_events, tmp_path) -> None:
    """As `make synth` refuses it."""
    broken = {"detectorModelDefinition": {"initialStateName": "gone", "states": [{"stateName": "S"}]}}
    (tmp_path / "m.json").write_text(json.dumps(broken))

    with pytest.raises(BadDefinition) as caught:
        iot_events.load(tmp_path / "m.json")

    assert len(caught.value.faults) == 2


def test_the_log_tells_why_nothing_happened(control, data) -> None:
    """What fails is an ERROR in any case, every cycle a DEBUG record with the option."""
    with mock_iot_events(debug=True) as iot_events:
        make(control, "m", ("$input.in.n > 'text'", topic("never")))
        put(data, {"k": "a", "n": 1})

        failed, summary = iot_events.log
        assert failed.level == "ERROR"
        assert summary.fields["conditionEvaluationResults"][0]["result"] == "Error"


def test_a_deleted_detector_is_made_anew(iot_events, control, data) -> None:
    """With its state gone; a wake-up of its former life does nothing."""
    make(control, "m", *TIMED)
    put(data, {"k": "a", "s": 100})

    entries = [{"messageId": "1", "detectorModelName": "m", "keyValue": "a"}]
    assert data.batch_delete_detector(detectors=entries)["batchDeleteDetectorErrorEntries"] == []
    iot_events.advance(200)

    assert iot_events.actions == []
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.describe_detector(detectorModelName="m", keyValue="a")


def test_pages_of_a_list_hold_each_detector_once(iot_events, control, data) -> None:
    """As the stack pages them."""
    make(control, "m", ("$input.in.k != ''", {"setVariable": {"variableName": "v", "value": "1"}}))
    put(data, *({"k": f"k{number}"} for number in range(20)))

    pages = data.get_paginator("list_detectors").paginate(detectorModelName="m", PaginationConfig={"PageSize": 3})

    assert sorted(one["keyValue"] for page in pages for one in page["detectorSummaries"]) == sorted(
        f"k{number}" for number in range(20)
    )


@pytest.mark.parametrize("case", [one for one in WIRE if not one.keys() & FAULTS], ids=lambda one: one["name"])
def test_the_wire_is_the_stacks(case, control) -> None:
    """Each case of BatchPutMessage without a failing queue has the status, error and entries of the stack's api."""
    body = case["body_text"] if "body_text" in case else json.dumps(written_out(case.get("body")))
    body = bytes.fromhex(case["body_hex"]) if "body_hex" in case else written_out(body)
    with mock_iot_events(strict=case.get("strict", False)) as iot_events:
        for name in ("in", "other"):
            control.create_input(inputName=name, inputDefinition={"attributes": [{"jsonPath": "k"}]})

        response = iot_events.answer("BatchPutMessage", Request("POST", "/inputs/messages", body=body))

    answered = json.loads(response.body)
    assert response.status == case["status"]
    assert response.headers.get("x-amzn-errortype") == case.get("type")
    found = {one["messageId"]: one["errorCode"] for one in answered.get("BatchPutMessageErrorEntries", ())}
    assert found == case.get("entries", {})


@pytest.mark.parametrize("seconds", [[600], [60, 3600, 600], [3600, 600]])
def test_a_timer_that_is_set_from_outside_goes_off_once_when_it_is_due(iot_events, control, data, seconds) -> None:
    """Whatever wake-up was under way before: the last change counts."""
    make(control, "m", *TIMED)
    put(data, {"k": "a", "s": 100})
    for one in seconds:
        state = {"stateName": "S", "variables": [], "timers": [{"name": "t", "seconds": one}]}
        change = {"messageId": "1", "detectorModelName": "m", "keyValue": "a", "state": state}
        assert data.batch_update_detector(detectors=[change])["batchUpdateDetectorErrorEntries"] == []

    iot_events.advance(seconds[-1] - 1)
    assert topics(iot_events) == []
    iot_events.advance(4000)
    assert topics(iot_events) == [("a", "over")]
