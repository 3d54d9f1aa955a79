"""A batch of the action queue: each action is run, and the failed ones are retried."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from distributary.errors import SinkUnavailable
from distributary.iot_events.runtime.action_targets import QueuedAction, Targets, read_action
from distributary.iot_events.runtime.retry_delay import Failed, RetryDelays
from distributary.metrics import ACTIONS_FAILED

LONGEST_ACTION_PAUSE = 900
"""Seconds until an action that failed again and again is tried again."""
ACTION_THREADS = 10


class RunActions:
    """Handles batches of the action queue; `log` takes level, text and members of a line, `count` those of a batch."""

    def __init__(
        self,
        targets: Targets,
        pauses: RetryDelays,
        log: Callable[[str, str, Mapping[str, Any]], None],
        count: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._targets = targets
        self._pauses = pauses
        self._log = log
        self._count = count
        self._threads: ThreadPoolExecutor | None = None

    def __call__(self, event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
        """The answer to the event source: the actions that have to come again."""
        records = event["Records"]
        self._threads = self._threads or ThreadPoolExecutor(max_workers=ACTION_THREADS, thread_name_prefix="action")
        done = list(self._threads.map(self._carry_out, records))
        failed = [record for record, good in zip(records, done, strict=True) if not good]
        if failed:
            self._count("batch", {"records": len(records), ACTIONS_FAILED: len(failed)})
        try:
            self._pauses.postpone([_failed(record) for record in failed])
        except SinkUnavailable as error:
            self._log("WARNING", "actions come again only after the visibility timeout", {"error": str(error)})
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}

    def _carry_out(self, record: Mapping[str, Any]) -> bool:
        fields: dict[str, Any] = {}
        try:
            action = read_action(record["body"])
            fields = _told(action)
            self._targets.carry_out(action)
        except SinkUnavailable as error:
            self._log("ERROR", "an action failed", {**fields, "error": str(error), "retryable": error.retryable})
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is: the others of the batch are not to be repeated
            self._log("ERROR", "an action failed", {**fields, "error": repr(error), "retryable": False})
            return False
        self._log("INFO", "an action was carried out", fields)
        return True


def _told(action: QueuedAction) -> dict[str, Any]:
    """What the log says of an action."""
    return {
        "kind": action.kind,
        "actionExecutionId": action.id,
        "detectorModelName": action.model,
        "keyValue": action.key,
        "path": action.path,
    }


def _failed(record: Mapping[str, Any]) -> Failed:
    return Failed(record["receiptHandle"], int(record["attributes"]["ApproximateReceiveCount"]))
