"""What a step wants done in the world, as values: messages to targets and lines for the log."""

import hashlib
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from distributary.iot_events.values import quote

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "action.detectors.distributary").bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Effect(NamedTuple):
    """One action to carry out: at least once, each time with the same `id`.

    `kind` is AWS's name of the action, `parameters` its members with expressions already evaluated, `body` the payload
    (None for iotSiteWise, which has none), `payload_type` DEFAULT, STRING or JSON, `time` epoch milliseconds of the
    event. `path` leads to the action in the model. All members are JSON values: it can be kept and queued as it is.
    """

    kind: str
    id: str
    time: int
    parameters: Mapping[str, Any]
    body: str | None
    payload_type: str
    path: str


class LogRecord(NamedTuple):
    """One line for the log: `fields` are its members beside level and text."""

    level: str
    text: str
    fields: Mapping[str, Any]


def execution_id(model: str, version: str, key: str | None, created: int, *, cycle: int, ordinal: int) -> str:
    """An `actionExecutionId`: UUIDv5 of a detector's life, the number of a cycle in it, and of an effect in that.

    What `uuid.uuid5` gives, in a third of its time.
    """
    name = f"{model}\0{version}\0{key or ''}\0{created}\0{cycle}\0{ordinal}"
    digest = hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    variant = _VARIANT[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


@lru_cache(maxsize=4096)
def detector_text(model: str, version: str, key: str | None) -> str:
    """The `detector` member of a default payload."""
    key_value = "" if key is None else f'"keyValue":{quote(key)},'
    return f'{{"detectorModelName":{quote(model)},{key_value}"detectorModelVersion":{quote(version)}}}'


def message_text(input_name: str, message_id: str) -> str:
    """The `eventTriggerDetails` of a message."""
    return f'{{"inputName":{quote(input_name)},"messageId":{quote(message_id)},"triggerType":"Message"}}'


def timer_text(timer: str) -> str:
    """The `eventTriggerDetails` of an expired timer."""
    return f'{{"triggerType":"Timer","timerName":{quote(timer)}}}'
