"""What one detector's records of a batch come to: a pure function of its row and the records, in their order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.detector import write_detector
from distributary.iot_events.engine.effects import Effect, LogRecord
from distributary.iot_events.engine.machine import Cycled, InputMessage, Timers, Trigger, catch_up, has_due, step
from distributary.iot_events.runtime.detector_item import Row
from distributary.iot_events.runtime.queue_record import WakeUp, Work
from distributary.iot_events.values import keep_json

MAX_STATE_BYTES = 350_000
"""Of an item, beside its names and numbers; DynamoDB takes 400 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
MAX_ACTION_BYTES = 256 * 1024
"""Of one action as it is queued: SQS takes four times that today, the targets behind it mostly do not."""
MOST_FIRINGS = 100
"""Timer cycles of one detector in one batch: after an outage of days a timer of a minute is due thousands of times."""
HELD_SECONDS = 3600
"""Until the timers of a detector that no item can hold are tried again: an operator has to change or delete it."""
DETECTOR_TOO_LARGE = "its detector would be more than an item of the table can hold"


class Dead(NamedTuple):
    """A record that can never succeed."""

    work: Work
    reason: str


@dataclass(slots=True)
class RunOutcome:
    """The row afterwards, and how many of the records are done; `wake` is when the detector must be looked at again.

    `changed`: the row must be stored. `wake` comes with the row's `token`. `error` is what the first record that is not
    done failed with. `firings` counts timer cycles; `behind`: that record waits for timers, of which too many were
    due for one batch. `held` is when a wake-up that became a dead letter is tried again, in seconds.
    """

    row: Row
    changed: bool = False
    done: int = 0
    wake: int | None = None
    dead: list[Dead] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)
    error: Exception | None = None
    firings: int = 0
    behind: bool = False
    held: int = 0


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs records: `queue` is the ARN of the queue they come from, `token` makes a new word for an arming.

    `debugged` are the (model, key) pairs whose cycles are written to the log; `dropping` the inputs whose late messages
    are dropped.
    """

    queue: str
    token: Callable[[], str]
    debugged: frozenset[tuple[str, str | None]] = frozenset()
    dropping: frozenset[str] = frozenset()

    def run(self, model: Model, row: Row, works: Sequence[Work]) -> RunOutcome:
        """What the records, all of this one detector, come to."""
        before, outcome, woken = row, RunOutcome(row), False
        for work in works:
            if work.fault:
                outcome.dead.append(Dead(work, work.fault))
            elif not self.is_repeated(outcome.row, work):
                trigger = self._trigger(outcome.row, work)
                if trigger is None:
                    outcome.done += 1
                    continue
                woken = woken or isinstance(work.trigger, WakeUp)
                if not self._step(model, outcome, work, trigger):
                    break
            outcome.done += 1
        _arm(before, outcome, self.token, woken=woken)
        return outcome

    def is_repeated(self, row: Row, work: Work) -> bool:
        """Whether the detector is stored as it was after this record."""
        return row.queue == self.queue and work.sequence <= row.sequence

    def _trigger(self, row: Row, work: Work) -> Trigger | None:
        """None for what is to be passed over: a wake-up of another life of the detector, a message that is too late."""
        if isinstance(work.trigger, WakeUp):
            mine = (row.version, row.detector.created, row.token)
            return Timers() if row.exists and work.trigger[:3] == mine else None
        if not isinstance(work.trigger, InputMessage):
            return None
        late = work.late and work.accepted < row.detector.updated
        return None if late and work.trigger.input in self.dropping else work.trigger

    def _step(self, model: Model, outcome: RunOutcome, work: Work, trigger: Trigger) -> bool:
        """Takes the step; False where the record is to come again."""
        row = outcome.row
        debug = (row.model, row.key) in self.debugged or (row.model, None) in self.debugged
        try:
            detector, found, finished = _cycles(model, outcome, work, trigger, debug=debug)
        except Exception as error:  # noqa: BLE001 - whatever it is: what came before is stored, this one comes again
            outcome.error = error
            return False
        logs = [one for one in found if isinstance(one, LogRecord)]
        kept: list[str] = []
        for effect in (one for one in found if isinstance(one, Effect)):
            text = action_text(row, effect, work.hops)
            if len(text) * 4 > MAX_ACTION_BYTES and len(text.encode()) > MAX_ACTION_BYTES:
                logs.append(_not_carried_out(row, effect))
            else:
                kept.append(text)
        # An unfinished wake-up is done: the next one is armed at once. A message comes again.
        done = finished or isinstance(trigger, Timers)
        outcome.behind = not done
        if detector is not row.detector or kept:
            text = write_detector(detector)
            if len(text) * 4 > MAX_STATE_BYTES and len(text.encode()) > MAX_STATE_BYTES:
                outcome.dead.append(Dead(work, DETECTOR_TOO_LARGE))
                outcome.held = work.accepted // 1000 + HELD_SECONDS
                return True
            pending = (*row.pending, *kept)
            after = row._replace(detector=detector, written=text, pending=pending)
            if done:
                after = after._replace(queue=self.queue, sequence=work.sequence)
            # What was noted while the record was tried alone goes: an item that expires is no living detector's.
            outcome.row, outcome.changed = after._replace(trying="", expires=0), True
        outcome.logs += logs
        return done


def _cycles(model: Model, outcome: RunOutcome, work: Work, trigger: Trigger, *, debug: bool) -> tuple[*Cycled, bool]:
    """The detector afterwards, all effects, and whether that is all: False where more timers are due than may run."""
    detector, now = outcome.row.detector, work.accepted
    effects: list[Effect | LogRecord] = []
    if has_due(detector, now):
        for after, more in catch_up(model, detector, now, MOST_FIRINGS - outcome.firings, debug=debug):
            detector = after
            effects += more
            outcome.firings += 1
        if has_due(detector, now):
            return detector, effects, False
    detector, more = step(model, detector, trigger, now, debug=debug)
    return detector, effects + more, True


def _arm(before: Row, outcome: RunOutcome, token: Callable[[], str], *, woken: bool) -> None:
    """Sees to the next wake-up: where the one that is under way would be too late, or was the one that came."""
    earlier, due = before.detector.next_due(), outcome.row.detector.next_due()
    if due is None or (earlier is not None and due >= earlier and not woken):
        return
    outcome.wake = max(due, outcome.held)
    if outcome.changed:
        # The arming before this one is void: else each would wake on, for as long as the detector has any timer.
        outcome.row = outcome.row._replace(token=token())


def action_text(row: Row, effect: Effect, hops: int) -> str:
    """An action as it is pending, queued and run."""
    members: dict[str, Any] = {"model": row.model, "key": row.key, "version": row.version, "hops": hops}
    return keep_json({**members, **effect._asdict(), "parameters": dict(effect.parameters)})


def _not_carried_out(row: Row, effect: Effect) -> LogRecord:
    where = {"detectorModelName": row.model, "keyValue": row.key, "kind": effect.kind, "path": effect.path}
    return LogRecord("ERROR", f"an action of more than {MAX_ACTION_BYTES} bytes is not carried out", where)


def cut(outcome: RunOutcome, error: Exception) -> RunOutcome:
    """The outcome where storing it failed: nothing is done."""
    return replace(outcome, done=0, changed=False, error=error)
