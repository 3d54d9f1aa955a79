"""A log of messages run through a model on paper: what happened in each cycle, in words."""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from distributary.iot_events.detector_key import BadKey, key_value
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.detector import MILLISECONDS, Detector
from distributary.iot_events.engine.effects import Effect, LogRecord
from distributary.iot_events.engine.machine import InputMessage, Timers, Trigger, cycles
from distributary.iot_events.values import BadPayload, read_json, read_object, same, write_json

_START = 1_767_225_600_000
"""When a log without times begins: 2026-01-01, midnight UTC."""
_END = 253_000_000_000_000
_BETWEEN = 1_000
"""Milliseconds between two messages without times."""


class Entry(NamedTuple):
    """One entry of a log: a message at its time, or (None) only time that passes."""

    time: int
    message: InputMessage | None


def log_entries(text: str) -> list[Entry]:
    """A log's entries: JSON lines, a JSON array or BatchPutMessage requests; BadPayload says which is none.

    A message is `{inputName, messageId?, payload, timestamp?: {timeInMillis}}` with its payload as object, text or
    base64; `{"advanceSeconds": n}` lets time pass.
    """
    time, found = _START - _BETWEEN, []
    for number, one in enumerate(_flat(_documents(text)), 1):
        try:
            time, message = _entry(one, number, time)
        except KeyError as fault:
            raise BadPayload(f"entry {number}: no {fault}: a message has inputName and payload") from None
        except (BadPayload, TypeError, ValueError, AttributeError) as fault:
            raise BadPayload(f"entry {number}: {fault or 'not a message'}") from None
        if not 0 <= time <= _END:
            raise BadPayload(f"entry {number}: a time before 1970 or after 9999")
        found.append(Entry(time, message))
    return found


def _documents(text: str) -> list[Any]:
    try:
        whole = read_json(text)
    except BadPayload:
        return [read_json(line) for line in text.splitlines() if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _flat(documents: list[Any]) -> Iterator[Any]:
    for one in documents:
        yield from one["messages"] if isinstance(one, dict) and isinstance(one.get("messages"), list) else [one]


def _entry(one: Mapping[str, Any], number: int, before: int) -> tuple[int, InputMessage | None]:
    if "advanceSeconds" in one:
        return max(before, _START) + int(one["advanceSeconds"]) * MILLISECONDS, None
    stamp = one.get("timestamp")
    time = int(stamp["timeInMillis"]) if stamp else before + _BETWEEN
    return time, InputMessage(str(one["inputName"]), str(one.get("messageId", number)), _payload(one["payload"]))


def _payload(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        raise BadPayload("the payload is neither object nor text")
    try:
        return read_object(value)
    except BadPayload:
        try:
            return read_object(b64decode(value, validate=True))
        except binascii.Error:
            raise BadPayload("the payload is neither JSON nor base64 of it") from None


def replay(model: Model, log: list[Entry]) -> Iterator[str]:
    """The lines that tell what each entry did, timers included, to each detector."""
    detectors: dict[str | None, Detector] = {}
    for time, message in log:
        yield from _wake(model, detectors, time)
        if message is None:
            continue
        if message.input not in model.inputs:
            yield f"{_when(time)} {message.input} {message.id}: not read by this model"
            continue
        try:
            key = key_value(model.definition.key, message.payload)
        except BadKey as fault:
            yield f"{_when(time)} {message.input} {message.id}: no detector: {fault}"
            continue
        yield from _tell(model, detectors, key, message, time)


def _wake(model: Model, detectors: dict[str | None, Detector], now: int) -> Iterator[str]:
    """Lets every timer go off that is due by then, the earliest first."""
    while True:
        due = [(at, key) for key, one in detectors.items() if (at := one.next_due()) is not None]
        at, key = min(due, key=lambda one: one[0], default=(now, None))
        if not due or at * MILLISECONDS > now:
            return
        yield from _tell(model, detectors, key, Timers(), at * MILLISECONDS)


def _tell(
    model: Model, detectors: dict[str | None, Detector], key: str | None, trigger: Trigger, now: int
) -> Iterator[str]:
    for after, effects in cycles(model, detectors.get(key, Detector(key)), trigger, now, debug=True):
        detectors[key] = after
        *before, record = effects
        if isinstance(record, LogRecord):
            yield _headline(model, record.fields)
            yield from (f"    {_condition(one)}" for one in record.fields["conditionEvaluationResults"])
            yield from (f"    {line}" for line in _changes(record.fields, after))
        yield from (f"    {_effect(one)}" for one in before)


def _when(time: int) -> str:
    return datetime.fromtimestamp(time / MILLISECONDS, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")


def _headline(model: Model, fields: Mapping[str, Any]) -> str:
    who = model.name if fields["keyValue"] is None else f"{model.name}/{fields['keyValue']}"
    cause = f"message {fields['messageId']} {fields['message']}" if fields["messageId"] else "timer"
    start = fields["initialState"] or "(new)"
    way = start if start == fields["finalState"] else f"{start} -> {fields['finalState']}"
    return f"{_when(fields['timestamp'])} {who}: {way}, by {cause}"


def _condition(one: Mapping[str, Any]) -> str:
    details = f" ({one['resultDetails']})" if one["resultDetails"] else ""
    return f"{one['state']} {one['lifeCycle']} '{one['eventName']}': {one['result']}{details}"


def _changes(fields: Mapping[str, Any], after: Detector) -> Iterator[str]:
    before = fields["initialVariables"]
    for name, value in fields["finalVariables"].items():
        if name not in before or not same(before[name], value):
            yield f"${name} = {write_json(value)}"
    for name, due in after.listed_timers().items():
        yield f"timer {name} due {_when(due * MILLISECONDS)}"


def _effect(one: Effect | LogRecord) -> str:
    if isinstance(one, LogRecord):
        return f"{one.level} {one.text}"
    parameters = ", ".join(f"{name}={value}" for name, value in one.parameters.items())
    return f"{one.kind} {parameters}" + (f" {one.body}" if one.body is not None else "")
