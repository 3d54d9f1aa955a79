import json
from base64 import b64encode

import pytest
from detector_cases import model_of

from distributary.iot_events.cli.replay import log_entries, replay
from distributary.iot_events.engine.machine import InputMessage
from distributary.iot_events.values import BadPayload

ONE = {"inputName": "in", "messageId": "1", "payload": {"id": "a", "v": 1}}
START = 1_767_225_600_000


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ONE),
        json.dumps([ONE]),
        json.dumps(ONE) + "\n\n",
        json.dumps({"messages": [ONE]}),
        json.dumps([{"messages": [ONE]}]),
        json.dumps({**ONE, "payload": json.dumps(ONE["payload"])}),
        json.dumps({**ONE, "payload": b64encode(json.dumps(ONE["payload"]).encode()).decode()}),
    ],
)
def test_a_log_is_read_in_every_form(text):
    """A message alone, an array, JSON lines or requests; its payload as object, text or base64."""
    assert log_entries(text) == [(START, InputMessage("in", "1", {"id": "a", "v": 1}))]


def test_a_log_has_its_own_times_or_one_a_second():
    """A message's timestamp, else a second after the one before; advanceSeconds lets time pass."""
    log = [
        {"inputName": "in", "payload": {}},
        {"inputName": "in", "payload": {}},
        {"advanceSeconds": 60},
        {"inputName": "in", "payload": {}, "timestamp": {"timeInMillis": 1_800_000_000_000}},
    ]

    read = log_entries("\n".join(map(json.dumps, log)))

    assert [time - START for time, _ in read[:3]] == [0, 1000, 61_000]
    assert read[3].time == 1_800_000_000_000
    assert [message and message.id for _, message in read] == ["1", "2", None, "4"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[5]", "entry 1: "),
        ('[{"payload": {}}]', "entry 1: no 'inputName': a message has"),
        ('[{"inputName": "in", "payload": 5}]', "entry 1: the payload is neither object nor text"),
        ('[{"inputName": "in", "payload": "~"}]', "entry 1: the payload is neither JSON nor base64 of it"),
        ('[{"inputName": "in", "payload": "YQ=="}]', "entry 1: no JSON"),
        ('[{"inputName": "in", "payload": {}, "timestamp": {"timeInMillis": 1e300}}]', "entry 1: a time before 1970"),
        ('[{"inputName": "in", "payload": {}, "timestamp": 5}]', "entry 1: "),
        ('[{"advanceSeconds": "x"}]', "entry 1: "),
    ],
)
def test_what_is_no_log_is_refused(text, reason):
    """With the number of the entry that is wrong."""
    with pytest.raises(BadPayload, match=reason):
        log_entries(text)


MODEL = model_of(
    {
        "model": {
            "key": "id",
            "states": {
                "A": {
                    "enter": [[None, ["set", "n", "0"], ["timer", "t", "60"]]],
                    "input": [["currentInput('in') && $input.in.v > 1", ["set", "n", "$variable.n + 1"]]],
                    "go": [["timeout('t')", "B", ["send", "late", "STRING", "$variable.n"]]],
                },
                "B": {},
            },
        }
    }
)


def test_a_replay_tells_each_cycle():
    """Who, from where to where, by what; each condition; what changed; what was sent; what was logged."""
    log = [
        {"inputName": "in", "messageId": "x", "payload": {"id": "a", "v": 5}},
        {"inputName": "in", "messageId": "y", "payload": {"id": "a", "v": "high"}},
        {"inputName": "elsewhere", "messageId": "z", "payload": {"id": "a"}},
        {"inputName": "in", "messageId": "w", "payload": {"v": 5}},
        {"advanceSeconds": 100},
    ]

    where = "at column 35 of 'currentInput('in') && $input.in.v > 1'"
    problem = f"condition is false: incompatible data types [String, Integer] for >, {where}"

    assert list(replay(MODEL, log_entries(json.dumps(log)))) == [
        '2026-01-01 00:00:00.000 m/a: (new) -> A, by message x {"id":"a","v":5}',
        "    A OnEnter 'A.enter.0': True",
        "    A OnInput 'A.input.0': True",
        "    A OnInput 'A.go.0': False",
        "    $n = 1",
        "    timer t due 2026-01-01 00:01:00.000",
        '2026-01-01 00:00:01.000 m/a: A, by message y {"id":"a","v":"high"}',
        f"    A OnInput 'A.input.0': Error ({problem})",
        "    A OnInput 'A.go.0': False",
        "    timer t due 2026-01-01 00:01:00.000",
        f"    ERROR {problem}",
        "2026-01-01 00:00:02.000 elsewhere z: not read by this model",
        "2026-01-01 00:00:03.000 in w: no detector: the payload has no key at id",
        "2026-01-01 00:01:00.000 m/a: A -> B, by timer",
        "    A OnInput 'A.input.0': False",
        "    A OnInput 'A.go.0': True",
        "    timer t due 2026-01-01 00:01:00.000",
        "    iotTopicPublish mqttTopic=late 1",
    ]


def test_timers_of_several_detectors_go_off_in_their_order():
    """The earliest first, whoever it belongs to."""
    log = [{"inputName": "in", "payload": {"id": name}} for name in "abc"] + [{"advanceSeconds": 3600}]

    told = [line for line in replay(MODEL, log_entries(json.dumps(log))) if "by timer" in line]

    assert [line.split()[1:3] for line in told] == [
        ["00:01:00.000", "m/a:"],
        ["00:01:01.000", "m/b:"],
        ["00:01:02.000", "m/c:"],
    ]
