"""One evaluation cycle while it runs: what conditions read, what actions change, what comes of it.

Everything a cycle changes is copied before the first change, so the detector it started from stays as it was.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from distributary.iot_events.engine.detector import MILLISECONDS, Detector, Timer
from distributary.iot_events.engine.effects import (
    Effect,
    LogRecord,
    detector_text,
    execution_id,
    message_text,
    timer_text,
)
from distributary.iot_events.expression.errors import Unevaluable
from distributary.iot_events.expression.scope import MESSAGE, TIMER, Scope
from distributary.iot_events.limits import Limits
from distributary.iot_events.values import quote, same, write_json

_SHORT = 256
"""Strings up to this many characters are not counted against `variables_characters`."""


class InputMessage(NamedTuple):
    """A message of an input: `payload` is its parsed JSON object, see `values.read_object`."""

    input: str
    id: str
    payload: Mapping[str, Any]


class Timers(NamedTuple):
    """A wake-up: whatever is due."""


Trigger = InputMessage | Timers


class Named(Protocol):
    """What a cycle must know of its model."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """Its version, as payloads and ids carry it."""

    @property
    def limits(self) -> Limits:
        """Its limits."""


class Cycle(Scope):
    """A scope that can be changed. `effects` gathers, in order, what actions send and what is to be logged.

    `cause` is the message, or the name of a timer that expired.
    """

    __slots__ = (
        "_details",
        "_variables_text",
        "cause",
        "detector",
        "effects",
        "limits",
        "model",
        "now",
        "ordinal",
        "state",
        "timers",
        "trace",
    )

    def __init__(  # noqa: PLR0917 - one a message: by place, and without the call to Scope's
        self,
        model: Named,
        detector: Detector,
        cause: InputMessage | str,
        now: int,
        inputs: Mapping[str, Any],
        expired: frozenset[str],
        trace: list[dict[str, Any]] | None,
    ) -> None:
        by_message = cause.__class__ is InputMessage
        self.inputs = inputs
        self.variables = detector.variables
        self.input = cause[0] if by_message else None
        self.trigger = MESSAGE if by_message else TIMER
        self.expired = expired
        self.asked = set()
        self.remarks = []
        self.model = model
        self.limits = model.limits
        self.detector = detector
        self.cause = cause
        self.now = now
        self.state: str = detector.state or ""
        self.timers: Mapping[str, Timer] = detector.timers
        self.effects: list[Effect | LogRecord] = []
        self.ordinal = 0
        self.trace = trace
        self._details = ""
        self._variables_text = ""

    def set_variable(self, name: str, value: Any) -> None:
        """Sets it; Unevaluable where the limits on a detector's variables forbid it."""
        variables = self.variables
        if name in variables:
            if same(variables[name], value):
                return
        elif len(variables) >= self.limits.variables:
            raise Unevaluable(f"the detector already has {self.limits.variables} variables")
        if value.__class__ is str and len(value) > _SHORT:
            self._refuse_much_text(name, value)
        self.variables = {**variables, name: value}
        self._variables_text = ""

    def _refuse_much_text(self, name: str, value: str) -> None:
        texts = [len(text) for one, text in self.variables.items() if one != name and text.__class__ is str]
        if sum(texts) + len(value) > self.limits.variables_characters:
            raise Unevaluable(f"the variables would hold more than {self.limits.variables_characters} characters")

    def arm(self, name: str, duration: int) -> None:
        """Sets the timer to go off after so many seconds; Unevaluable where the detector has its timers already."""
        before = self.timers.get(name)
        if before is None and len(self.timers) >= self.limits.timers:
            raise Unevaluable(f"the detector already has {self.limits.timers} timers")
        armed = Timer(self.now // MILLISECONDS + duration, duration, before.generation if before else 0)
        if armed != before:
            self.timers = {**self.timers, name: armed._replace(generation=armed.generation + 1)}

    def reset(self, name: str) -> None:
        """Arms the timer again with the duration it had; Unevaluable for one that was never set."""
        before = self.timers.get(name)
        if before is None:
            raise Unevaluable("the timer was never set")
        self.arm(name, before.duration)

    def clear(self, name: str) -> None:
        """Forgets the timer but for its duration, with which it can be reset."""
        before = self.timers.get(name)
        if before and before.due is not None:
            self.timers = {**self.timers, name: before._replace(due=None)}

    def next_id(self) -> str:
        """The `actionExecutionId` of the effect to be sent next."""
        model, detector = self.model, self.detector
        return execution_id(
            model.name, model.version, detector.key, detector.created, cycle=detector.cycles + 1, ordinal=self.ordinal
        )

    def default_body(self, effect_id: str, state: str, event: str) -> str:
        """The default payload; `state` and `event` are already JSON."""
        if not self._details:
            self._details = self._describe()
        if not self._variables_text:
            self._variables_text = write_json(self.variables)
        return (
            f'{{"eventTime":{self.now},"payload":{{"actionExecutionId":"{effect_id}",{self._details},'
            f'"state":{{"stateName":{state},"variables":{self._variables_text},"timers":{self._timers()}}}}},'
            f'"eventName":{event}}}'
        )

    def _describe(self) -> str:
        """The members of a default payload that stay the same for the whole cycle."""
        cause = self.cause
        details = message_text(cause.input, cause.id) if isinstance(cause, InputMessage) else timer_text(cause)
        detector = detector_text(self.model.name, self.model.version, self.detector.key)
        return f'"detector":{detector},"eventTriggerDetails":{details}'

    def _timers(self) -> str:
        if not self.timers:
            return "{}"
        due = [f"{quote(name)}:{one.due * MILLISECONDS}" for name, one in self.timers.items() if one.due is not None]
        return f"{{{','.join(due)}}}"

    def log(self, level: str, text: str, **fields: Any) -> None:
        """Adds a line for the log."""
        where = {"timestamp": self.now, "detectorModelName": self.model.name, "keyValue": self.detector.key}
        self.effects.append(LogRecord(level, text, {**where, "stateName": self.state, **fields}))

    def flush_remarks(self, expression: str, **fields: Any) -> None:
        """Logs what an expression met without failing."""
        for remark in self.remarks:
            self.log("WARNING", str(Unevaluable(remark.reason, remark.column, expression)), **fields)
        self.remarks.clear()


Act = Callable[[Cycle], None]
Holds = Callable[[Cycle], bool]
