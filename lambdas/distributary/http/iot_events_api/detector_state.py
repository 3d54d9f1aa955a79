"""The state that an entry of BatchUpdateDetector asks for, within the service's own limits."""

import re
from collections import Counter
from collections.abc import Iterable

from distributary.errors import BadRequest
from distributary.http.structure import Structure
from distributary.iot_events.engine.detector import variables_from
from distributary.iot_events.engine.state_update import NewState
from distributary.iot_events.limits import AWS_LIMITS
from distributary.iot_events.message import INVALID_REQUEST

# https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_VariableDefinition.html
# https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_TimerDefinition.html
MAX_NAME = 128
MAX_VALUE = 1024
"""Characters of a variable's JSON text. Fifty such values take 215 KB of the 350 KB that a detector may come to."""
_NAME = re.compile("[a-zA-Z][a-zA-Z0-9_]*")


def read_state(entry: Structure, *, shortest_timer: int) -> NewState:
    """The state that an entry asks for; `shortest_timer` in seconds. Raises BadRequest, and BadPayload for a value.

    Each text is checked before anything is made of it.
    """
    state = entry.structure("state", required=True)
    if state is None:
        raise BadRequest(INVALID_REQUEST, "state is missing")
    name = state.text("stateName", longest=MAX_NAME, required=True) or ""
    variables = state.structures("variables", shortest=0, longest=AWS_LIMITS.variables)
    timers = state.structures("timers", shortest=0, longest=AWS_LIMITS.timers)
    entry.check()
    listed = [{"name": _name(one, _NAME), "value": _value(one)} for one in variables]
    seconds = [(_name(one), one.number("seconds", 0, AWS_LIMITS.max_timer_seconds)) for one in timers]
    entry.check()
    _refuse_twice("variable", (one["name"] for one in listed))
    _refuse_twice("timer", (name for name, _ in seconds))
    return NewState(name, variables_from(listed), {name: _duration(value, shortest_timer) for name, value in seconds})


def _name(one: Structure, pattern: re.Pattern[str] | None = None) -> str:
    return one.text("name", longest=MAX_NAME, pattern=pattern, required=True) or ""


def _value(one: Structure) -> str:
    return one.text("value", longest=MAX_VALUE, required=True) or ""


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    """Raises BadRequest for a name that stands twice: which of the two counts would be nobody's choice."""
    for name, count in Counter(names).items():
        if count > 1:
            raise BadRequest(INVALID_REQUEST, f"the {what} {name} stands {count} times in the state")


def _duration(seconds: int | None, shortest: int) -> int:
    if seconds is None or seconds < shortest:
        raise BadRequest(INVALID_REQUEST, f"a timer is at least {shortest} s")
    return seconds
