"""What each function is asked at its worst: a name, the function, and the event, made when it is needed.

All of it is legal or refused for one limit; nothing is larger than Lambda takes.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from random import Random
from time import time
from typing import Any, NamedTuple

from bad_requests import with_window, zstd

from distributary.delivery.retry_queue import MAX_WEIGHT, PendingRecords
from distributary.delivery.retry_queue import message_body as spilled_body
from distributary.http.content import MAX_DECODED
from distributary.http.events_api.body import MAX_VALUES
from distributary.iot_events.message import MAX_PAYLOAD_BYTES, Message
from distributary.sinks.firehose import FirehoseRecord
from distributary.sinks.kinesis import KinesisRecord
from worst_cases.events import messages, records, request, spilled
from worst_cases.shapes import ATOMS, HOLDERS, PADDING, document

RECEIVED = 4_400_000
"""Bytes of a body that is not packed: it must fit Lambda's 6 MB in base64."""
MAX_EVENTS = 5_000
BOTH = (False, True)


class Scenario(NamedTuple):
    """One call; with `down` no stream and no queue of messages takes anything."""

    name: str
    function: str
    event: Callable[[], Any]
    bytes: int
    down: bool = False

    @property
    def what(self) -> str:
        """The function, and by which way in."""
        return self.name.partition(":")[0]


def _events(
    name: str, make: Callable[[], str], kind: str = "application/json", *, downs: tuple[bool, ...] = (False,)
) -> Iterator[Scenario]:
    """A request to `/v1/events`, packed."""

    def event() -> Any:
        return request("/v1/events", make().encode(), squeeze=True, content_type=kind)

    for down in downs:
        yield Scenario(f"events: {name}{', sinks down' if down else ''}", "ingest", event, MAX_DECODED, down)


def one_event() -> Iterator[Scenario]:
    """One event as large as a body may be, of every shape."""
    for holder, atom, padding in product(HOLDERS, ATOMS, PADDING):
        make = partial(document, atom, holder, padding, MAX_DECODED, MAX_VALUES)
        yield from _events(f"one event of {atom} {holder}, {padding}", make)


def many_events() -> Iterator[Scenario]:
    """As many events as a request may have, each as large as fits."""
    size, most = MAX_DECODED // MAX_EVENTS - 40, MAX_VALUES // MAX_EVENTS - 4
    for atom in ATOMS:
        one = document(atom, "as members", "letters", size, most)
        yield from _events(f"5,000 events of {atom}", partial(_array, one))
    yield from _events("5,000 events of strings", partial(_array, f'{{"deviceId":"d","x":"{"x" * size}"}}'), downs=BOTH)
    yield from _events("5,000 tiny events of one key", partial(_array, '{"deviceId":"d"}'), downs=BOTH)
    lines, keys = "application/x-ndjson", "\n".join(f'{{"deviceId":"d{number}"}}' for number in range(MAX_EVENTS))
    yield from _events("5,000 tiny events of as many keys", lambda: keys, lines, downs=BOTH)
    for name, line in {"broken": f"[{','.join(['[[]]'] * 60)},", "faulty": '{"a":[[1]],"a":[[2]]}'}.items():
        yield from _events(f"5,000 {name} lines", partial("\n".join, [line] * MAX_EVENTS), lines)


def _array(element: str) -> str:
    return f"[{','.join([element] * MAX_EVENTS)}]"


def cloud_events() -> Iterator[Scenario]:
    """CloudEvents: data before the attributes, attributes without number."""
    kind = "application/cloudevents+json"
    for atom in ATOMS:
        yield from _events(f"a CloudEvent of {atom}, data first", partial(_data_first, atom), kind)
    for value in ("1", '"xxxxxx"', "true"):
        yield from _events(f"a CloudEvent of attributes, each {value}", partial(_attributes, value), kind)


_HEAD = '"specversion":"1.0","id":"1","source":"s","type":"t"'


def _data_first(atom: str) -> str:
    data = document(atom, "as members", "letters", MAX_DECODED - 100, MAX_VALUES - 20)
    return f'{{"data":{data},{_HEAD}}}'


def _attributes(value: str) -> str:
    attributes = ",".join([f'"a{number}":{value}' for number in range(MAX_VALUES // 2 - 20)])
    return f'{{{_HEAD},{attributes},"data":{{}}}}'


def zstd_bodies() -> Iterator[Scenario]:
    """The largest window that is taken, over what fills it; frames without number, of which the second is too many."""
    kind = "application/octet-stream"
    for name, body in {
        "zstd, a window of 8 MiB": lambda: with_window(_letters(MAX_DECODED).encode(), 23),
        "zstd, empty frames": lambda: zstd.compress(b"") * (RECEIVED // len(zstd.compress(b""))),
    }.items():
        event = partial(_packed_by_zstd, body, kind)
        yield Scenario(f"events: {name}", "ingest", event, MAX_DECODED)


def _packed_by_zstd(body: Callable[[], bytes], kind: str) -> Any:
    return request("/v1/events", body(), content_type=kind, content_encoding="zstd")


def opaque() -> Iterator[Scenario]:
    """Bytes: a bomb of zeros, and two letters at random, which are the worst for packing."""
    kind = "application/octet-stream"
    yield from _events("a bomb of zeros", lambda: "0" * MAX_DECODED, kind, downs=BOTH)
    yield from _events("a bomb that is too large", lambda: "0" * 3 * MAX_DECODED, kind)
    yield from _events("two letters at random", partial(_letters, MAX_DECODED), kind, downs=BOTH)
    size = MAX_DECODED // MAX_EVENTS - 40
    yield from _events("5,000 events of two letters", lambda: _array(f'{{"deviceId":"{_letters(size)}"}}'), downs=BOTH)


def _letters(count: int) -> str:
    return "".join(Random(1).choices("ab", k=count))  # noqa: S311 - no secret


def put_message() -> Iterator[Scenario]:
    """BatchPutMessage: a few large messages of every shape, many small ones, and a list that is too long."""
    for holder, atom in product(HOLDERS, ATOMS):
        payload = document(atom, holder, "letters", MAX_PAYLOAD_BYTES - 10, MAX_VALUES)
        name = f"messages: 24 of {atom} {holder}"
        yield Scenario(name, "ingest", partial(_messages, payload, 24), 24 * MAX_PAYLOAD_BYTES)
    small = document("objects with a member", "with all that has to be looked at", "letters", 6_000, MAX_VALUES)
    yield Scenario("messages: 500", "ingest", partial(_messages, small, 500), 500 * 6_000)
    many = f'{{"messages":[{",".join(["{}"] * (RECEIVED // 3))}]}}'.encode()
    yield Scenario("messages: a million that are none", "ingest", partial(_body, "/inputs/messages", many), len(many))


def _messages(payload: str, count: int) -> Any:
    return _body("/inputs/messages", messages([payload] * count))


def _body(path: str, body: bytes, **headers: str) -> Any:
    return request(path, body, **{"content_type": "application/json", **headers})


def aws() -> Iterator[Scenario]:
    """The AWS-compatible API: five hundred records, and lists and names that are too long."""
    kinesis, firehose = "Kinesis_20131202.PutRecords", "Firehose_20150804.PutRecordBatch"
    data = b64encode(b"x" * 5_000).decode()
    some = [{"Data": data, "PartitionKey": "k"}] * 500
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "500 records": (kinesis, {"StreamName": "s", "Records": some}),
        "500 records of Firehose": (firehose, {"DeliveryStreamName": "d", "Records": [{"Data": data}] * 500}),
        "a million records that are none": (kinesis, {"StreamName": "s", "Records": [{}] * (RECEIVED // 3)}),
        "an ARN of megabytes": (kinesis, {"StreamARN": "arn:aws" + ":kinesis:" * (RECEIVED // 9), "Records": some[:1]}),
    }
    for name, (target, members) in bodies.items():
        body = json.dumps(members, separators=(",", ":")).encode()
        headers = {"content_type": "application/x-amz-json-1.1", "x_amz_target": target}
        yield Scenario(f"aws: {name}", "ingest", partial(_body, "/", body, **headers), len(body))


def topic_rules() -> Iterator[Scenario]:
    """What a topic rule selects, of 128 KiB; of a megabyte where there is most of it."""
    for holder, atom in product(HOLDERS, ATOMS):
        for size in (MAX_PAYLOAD_BYTES - 10, 1_000_000)[: 1 + (holder == "as members")]:
            text = document(atom, holder, "letters", size, MAX_VALUES)
            name = f"topic rule: {size} bytes of {atom} {holder}"
            yield Scenario(name, "take_messages", partial(json.loads, text, parse_int=_number), size)


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 4_000 else float(digits)


def detectors() -> Iterator[Scenario]:
    """Ten messages as large as they may be, to a model that keeps what it can; and larger than that."""
    for holder, atom in product(HOLDERS, ATOMS):
        payload = document(atom, holder, "letters", MAX_PAYLOAD_BYTES - 10, MAX_VALUES)
        name = f"detectors: ten of {atom} {holder}"
        yield Scenario(name, "run_detectors", partial(records, [payload] * 10), 10 * MAX_PAYLOAD_BYTES)
    large = document("exponents", "with all that has to be looked at", "letters", 500_000, MAX_VALUES)
    yield Scenario("detectors: ten that are too large", "run_detectors", partial(records, [large] * 10), 5_000_000)


def operators() -> Iterator[Scenario]:
    """What an operator sets a variable to, of a few bytes and of megabytes."""
    for atom, text in {**ATOMS, "megabytes": f'"{"x" * 4_000_000}"'}.items():
        for name, times in {"a variable": 1, "a long array": 3_000_000 // (len(text) + 1)}.items():
            yield Scenario(f"operator: {name} of {atom}", "serve_detectors", partial(_operator, text, times), RECEIVED)
    many = b'{"detectors":[' + b",".join([b"{}"] * (RECEIVED // 3)) + b"]}"
    name = "operator: a million detectors that are none"
    yield Scenario(name, "serve_detectors", partial(_body, "/detectors", many), len(many))


def _operator(text: str, times: int) -> Any:
    value = text if times == 1 else f"[{','.join([text] * times)}]"
    state = {"stateName": "on", "variables": [{"name": "v", "value": value}], "timers": []}
    one = {"messageId": "m", "detectorModelName": "greedy", "keyValue": "d", "state": state}
    return _body("/detectors", json.dumps({"detectors": [one]}, ensure_ascii=False).encode())


def redriven() -> Iterator[Scenario]:
    """Ten spilled messages as full as they get, whose sinks take them or not."""
    payload = document("floats", "as members", "letters", MAX_PAYLOAD_BYTES - 10, MAX_VALUES).encode()
    kinds: dict[str, list[Any]] = {
        "firehose": [FirehoseRecord(b"x" * 1_000)] * (MAX_WEIGHT // 1_200),
        "kinesis": [KinesisRecord(b"x" * 1_000, "key")] * (MAX_WEIGHT // 1_200),
        "iot_events": [Message(f"m{number}", "telemetry", payload) for number in range(5)],
    }
    for (sink, listed), down in product(kinds.items(), BOTH):
        body = spilled_body(PendingRecords(sink, listed, attempts=1, first=time(), last=time()))
        name = f"redrive: ten of {sink}{', down' if down else ''}"
        yield Scenario(name, "redrive", partial(spilled, sink, body), 10 * MAX_WEIGHT, down)


ALL = (
    one_event,
    many_events,
    cloud_events,
    opaque,
    zstd_bodies,
    put_message,
    aws,
    topic_rules,
    detectors,
    operators,
    redriven,
)


def scenarios() -> Iterator[Scenario]:
    """All of them."""
    for some in ALL:
        yield from some()
