"""A batch of the message queue: load, run in memory, arm, store, hand on, and say what has to come again.

The order is what makes it safe to die anywhere: a wake-up is armed before the timer that needs it is stored, actions
are stored with the state and forgotten after they were handed on, and a record is done when all of that is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from distributary.errors import SinkUnavailable
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.runtime.action_queue import ActionQueue
from distributary.iot_events.runtime.batch_metrics import BatchMetrics
from distributary.iot_events.runtime.bundled_models import Models
from distributary.iot_events.runtime.dead_letter_queue import DeadLetterQueue
from distributary.iot_events.runtime.detector_item import Row
from distributary.iot_events.runtime.detector_records import DetectorRecords
from distributary.iot_events.runtime.detector_run import Dead, Runner, RunOutcome
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.queue_record import WakeUp, read_record
from distributary.iot_events.runtime.retry_delay import Failed, RetryDelays
from distributary.iot_events.runtime.solo_retry import (
    RemainingTime,
    comes_again,
    has_time,
    in_turn,
    most_receives,
    noted,
)
from distributary.iot_events.runtime.wake_ups import Arming, WakeUps

UNKNOWN_MODEL = "there is no such detector model"
UNKNOWN_MODEL_RECEIVES = 20
"""How often a record of an unknown model comes before it is a dead letter: a deployment may add the model just now."""
OTHER_VERSION_SECONDS = 30
"""How long records wait while a deployment changes the version of their model, or adds it."""
BEHIND_SECONDS = 1
"""How long a message waits whose detector has more timers due than one batch may run."""
LONGEST_MESSAGE_PAUSE = 60
"""Seconds until a record that failed again and again comes again."""
MESSAGE_THREADS = 10

Log = Callable[[str, str, Mapping[str, Any]], None]
"""Writes a line: its level, its text, its members."""


class RunDetectors:
    """Handles batches of the message queue."""

    def __init__(  # noqa: PLR0917 - the parts that one function is made of
        self,
        models: Models,
        runner: Runner,
        store: DetectorTable,
        actions: ActionQueue,
        wake_ups: WakeUps,
        dead_letters: DeadLetterQueue,
        pauses: RetryDelays,
        log: Log,
        measure: BatchMetrics,
    ) -> None:
        self._models = models
        self._runner = runner
        self._store = store
        self._actions = actions
        self._wake_ups = wake_ups
        self._dead_letters = dead_letters
        self._pauses = pauses
        self._log = log
        self._measure = measure
        self._threads: ThreadPoolExecutor | None = None

    def __call__(self, event: Mapping[str, Any], context: RemainingTime | None = None) -> dict[str, Any]:
        """The answer to the event source: the records that have to come again."""
        groups = self._groups(event["Records"])
        again = [group for group in groups if comes_again(group.works)]
        self._handle([group for group in groups if not comes_again(group.works)])
        for one in in_turn(again, most_receives(work for group in again for work in group.works)):
            groups += self._handle_alone(one, context)
        left = [work for group in groups for work in group.left()]
        self._postpone(groups)
        self._measure.batch(
            records=len(event["Records"]),
            left=len(left),
            stepped=sum(bool(group.row and group.outcome and not group.failed) for group in groups),
            due=[work.trigger.due for group in groups for work in group.works if isinstance(work.trigger, WakeUp)],
        )
        return {"batchItemFailures": [{"itemIdentifier": work.id} for work in left]}

    def _handle(self, groups: Sequence[DetectorRecords]) -> None:
        """Everything for these groups, so that what is done of them stays done."""
        if not groups:
            return
        try:
            self._run(groups)
        except SinkUnavailable as error:
            self._log("ERROR", "the detectors cannot be read", {"error": str(error)})
            for group in groups:
                group.failed = True
        self._together(self._store_group, [group for group in groups if group.outcome and not group.failed])
        self._hand_on([group for group in groups if group.row and group.row.has_actions and not group.failed])

    def _handle_alone(self, group: DetectorRecords, context: RemainingTime | None) -> list[DetectorRecords]:
        """Record by record, up to the first that has to come again: a group of its own for each, in place of theirs.

        Those after it come again when it does: a FIFO queue hands out none of them before.
        """
        parts = [DetectorRecords([work]) for work in group.works]
        group.works, more, pause = [], True, None
        for part in parts:
            if more and has_time(context):
                self._handle([part])
                self._forget_tries(part)
                pause = part.pause
            else:
                part.pause = pause
            more = more and not part.left()
        return parts

    def _forget_tries(self, part: DetectorRecords) -> None:
        """A failed call has not ended the function: what was counted of its record is taken back."""
        if not (part.failed and part.counted and part.row):
            return
        try:
            self._store.forget_tries(part.row)
        except SinkUnavailable as error:
            self._log("WARNING", "a failed call counts as an end of the function", {"error": str(error)})

    def _groups(self, records: Iterable[Mapping[str, Any]]) -> list[DetectorRecords]:
        groups: dict[str, DetectorRecords] = {}
        for work in map(read_record, records):
            unknown = not work.fault and work.model not in self._models and work.receives >= UNKNOWN_MODEL_RECEIVES
            known = work._replace(fault=UNKNOWN_MODEL) if unknown else work
            groups.setdefault(work.group, DetectorRecords([])).works.append(known)
        return list(groups.values())

    def _run(self, groups: Sequence[DetectorRecords]) -> None:
        places = [place for group in groups if (place := group.place)]
        rows, versions = self._store.load(places) if places else ({}, {})
        for group in groups:
            if (place := group.place) is None:
                group.outcome = RunOutcome(Row("", None, "", Detector(None)), done=len(group.works))
                group.outcome.dead = [Dead(work, work.fault or "") for work in group.works]
                continue
            model = self._models.ready(place[0], versions.get(place[0]))
            if model is None:
                group.pause, group.failed = OTHER_VERSION_SECONDS, True
                continue
            self._step(group, model, rows[place])

    def _step(self, group: DetectorRecords, model: Model, row: Row) -> None:
        loaded = row
        if not self._runner.is_repeated(row, group.works[0]):
            group.works[0], row = noted(self._store, row, group.works[0])
        group.row, group.counted = row, row is not loaded
        group.outcome = self._runner.run(model, row, group.works)
        if group.outcome.behind:
            group.pause = BEHIND_SECONDS
        if group.outcome.error:
            where = {"detectorModelName": row.model, "keyValue": row.key}
            self._log("ERROR", "a record failed", {**where, "error": repr(group.outcome.error)})

    def _store_group(self, group: DetectorRecords) -> None:
        """Dead-letters, arms, stores, logs; on a failure the whole group is retried, and recognised by its numbers."""
        outcome = group.outcome
        if outcome is None:
            return
        try:
            for dead in outcome.dead:
                self._dead_letters.dead_letter(dead)
                self._log("ERROR", "dead letter", {"messageId": dead.work.id, "reason": dead.reason})
            if outcome.wake is not None:
                self._arm(outcome.row, outcome.wake)
            if outcome.changed:
                group.row = self._store.put(self._actions.park(outcome.row))
        except SinkUnavailable as error:
            group.failed = True
            self._log("ERROR", "a detector was not stored", {"error": str(error)})
            return
        for record in outcome.logs:
            self._log(record.level, record.text, record.fields)

    def _arm(self, row: Row, due: int) -> None:
        wake_up = WakeUp(row.version, row.detector.created, row.token, due)
        self._wake_ups.arm(Arming(row.model, row.key, wake_up))

    def _hand_on(self, groups: Sequence[DetectorRecords]) -> None:
        """Hands the pending actions on, ten a call whatever detector they are of, and forgets them."""
        owners = [(group, text) for group in groups for text in self._waiting(group)]
        for (group, _), error in zip(owners, self._actions.send([text for _, text in owners]), strict=True):
            if error and not group.failed:
                group.failed = True
                self._log("ERROR", "actions were not handed on", {"error": str(error)})
        self._together(self._clear, [group for group in groups if not group.failed])

    def _waiting(self, group: DetectorRecords) -> list[str]:
        if group.row is None:
            return []
        try:
            texts, expired = self._actions.waiting(group.row)
        except SinkUnavailable as error:
            group.failed = True
            self._log("ERROR", "actions cannot be read", {"error": str(error)})
            return []
        if expired:
            where = {"detectorModelName": group.row.model, "keyValue": group.row.key}
            self._log("ERROR", "actions were not handed on before they expired", {**where, "objects": expired})
        return texts

    def _clear(self, group: DetectorRecords) -> None:
        try:
            if group.row:
                self._store.clear(group.row)
        except SinkUnavailable as error:
            group.failed = True
            self._log("ERROR", "actions were handed on and not forgotten", {"error": str(error)})

    def _together(self, act: Callable[[DetectorRecords], None], groups: Sequence[DetectorRecords]) -> None:
        if len(groups) <= 1:
            for group in groups:
                act(group)
            return
        self._threads = self._threads or ThreadPoolExecutor(max_workers=MESSAGE_THREADS, thread_name_prefix="detector")
        list(self._threads.map(act, groups))

    def _postpone(self, groups: Sequence[DetectorRecords]) -> None:
        for pause in {group.pause for group in groups}:
            works = [work for group in groups if group.pause == pause for work in group.left()]
            try:
                if works:
                    self._pauses.postpone([Failed(work.receipt, work.receives) for work in works], pause)
            except SinkUnavailable as error:
                self._log("WARNING", "records come again only after the visibility timeout", {"error": str(error)})
