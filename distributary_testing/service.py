"""IoT Events in this process: what the stack runs, over memory instead of AWS, with a clock that only a test moves."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from distributary.clock import Clock
from distributary.delivery.storing import DeliverySettings
from distributary.errors import SinkUnavailable
from distributary.http.iot_events_api.detectors import DetectorsEndpoint
from distributary.http.iot_events_api.messages import MessagesEndpoint
from distributary.http.request import Request, Response
from distributary.iot_events.engine.effects import LogRecord
from distributary.iot_events.input import Input
from distributary.iot_events.limits import Limits
from distributary.iot_events.message import MAX_PAYLOAD_BYTES
from distributary.iot_events.message_queue import MessageQueue
from distributary.iot_events.routing import Readers
from distributary.iot_events.runtime.action_targets import Targets, read_action
from distributary.iot_events.runtime.batch_metrics import BatchMetrics
from distributary.iot_events.runtime.bundled_models import Models, route
from distributary.iot_events.runtime.dead_letter_queue import DeadLetterQueue
from distributary.iot_events.runtime.detector_run import Runner
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.management import Detectors
from distributary.iot_events.runtime.message_batch import RunDetectors
from distributary.iot_events.runtime.retry_delay import RetryDelays
from distributary.sinks.iot_events import STRICT_MAX_PAYLOAD_BYTES, IotEventsSink
from distributary_testing.action import Action
from distributary_testing.control import Control
from distributary_testing.detector_models import DetectorModels
from distributary_testing.inputs import Inputs
from distributary_testing.memory import AlarmClock, Fifo, Nowhere, Recorder, Table

START = datetime(2026, 1, 1, tzinfo=UTC)
"""When a test begins unless it says otherwise."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUEUE = "messages"


class _Refusing:
    """Stands for boto3 where actions are recorded and go nowhere."""

    def make(self, service: str) -> Any:
        raise AssertionError(service)


class _Making(NamedTuple):
    make: Callable[[str], Any]


class IotEvents:
    """`actions` are what detectors did since the start, in order, `log` what run_detectors would have logged."""

    def __init__(
        self,
        *,
        now: datetime = START,
        min_timer_seconds: int = 60,
        strict: bool = False,
        debug: bool = False,
        dedup: bool = True,
        deliver: Callable[[str], Any] | None = None,
    ) -> None:
        """`strict` brings AWS's limits on BatchPutMessage back, `debug` adds a DEBUG record of each cycle to the log.

        Without `dedup` a repeated `messageId` is another message, as with `dedup = false` at the stack's inputs.
        `deliver` makes clients (`boto3.client`, inside moto's `mock_aws`): with it actions are also run.
        """
        self.actions: list[Action] = []
        self.log: list[LogRecord] = []
        self._now = _seconds(now)
        self._strict = strict
        self._debug = debug
        self._dedup = dedup
        self._deliver = deliver
        self._limits = Limits(min_timer_seconds=min_timer_seconds)
        self._lock = RLock()
        self._clock = Clock(sleep=lambda _: None, random=lambda: 0.5, time=lambda: self._now)
        self._table = Table()
        self._store = DetectorTable(self._table, "detectors")
        self._fifo = Fifo(self._clock)
        self._alarm_clock = AlarmClock(self._fifo)
        self._tokens = map(str, count())
        self._inputs = Inputs(self._clock)
        self._models = DetectorModels(self._inputs, self._store, self._table, self._limits, self._clock)
        self._control = Control(self._inputs, self._models)
        self._deploy()

    @property
    def now(self) -> datetime:
        """The time, in UTC; it stands still between two moves."""
        return _EPOCH + timedelta(seconds=self._now)

    def advance(self, seconds: float) -> None:
        """Lets time pass: every timer that is due by then goes off, the earliest first."""
        self.move_to(self.now + timedelta(seconds=seconds))

    def move_to(self, time: datetime) -> None:
        """Lets time pass until then; ValueError for a time that has passed, or one without a time zone."""
        if (until := _seconds(time)) < self._now:
            raise ValueError(f"time does not run backwards: it is {self.now}")
        with self._lock:
            while (due := self._alarm_clock.next_due(until)) is not None:
                self._now = max(self._now, due)
                self._alarm_clock.ring()
                self._run()
            self._now = until

    def load(self, *files: Path | str, key: str | None = None) -> list[str]:
        """The names of the detector models in these files, now active: exports, describe output or CloudFormation.

        `key` is for a model that names none. Inputs that the models read are known without being made. Raises
        BadDefinition with every fault.
        """
        with self._lock:
            names = [name for file in files for name in self._models.load(Path(file), key)]
            self._deploy()
            return names

    def answer(self, operation: str, request: Request) -> Response:
        """What the service answers; of the control plane the operations in `models/iotevents`."""
        with self._lock:
            response = self._data.get(operation, self._control_plane(operation))(request)
            self._run()
            return response

    def _control_plane(self, operation: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            response = self._control.answer(operation, request)
            if request.method != "GET":
                self._deploy()
            return response

        return answer

    def _deploy(self) -> None:
        """Makes what runs anew for the inputs and models that there are now, as a deployment does."""
        models = Models(self._models.bundled(), self._limits)
        readers = Readers(route(models.definition(name)) for name in models.names())
        declared = self._inputs.attributes()
        known = declared.keys() | readers.inputs
        inputs = {name: Input(name, declared.get(name, ()), dedup=self._dedup) for name in known}
        queue = MessageQueue(
            self._fifo,
            _QUEUE,
            inputs,
            readers,
            max_payload_bytes=STRICT_MAX_PAYLOAD_BYTES if self._strict else MAX_PAYLOAD_BYTES,
            clock=self._clock,
            note=lambda text, fields: self._write("WARNING", text, fields),
            threads=ThreadPoolExecutor(max_workers=1),  # one call after the other: the same order each time
        )
        self._targets = Targets(_Making(self._deliver) if self._deliver else _Refusing(), queue)
        self._run_detectors = self._runner(models)
        self._data = self._doors(models, queue)

    def _runner(self, models: Models) -> RunDetectors:
        debugged = frozenset((name, None) for name in models.names()) if self._debug else frozenset()
        return RunDetectors(
            models,
            Runner(_QUEUE, lambda: next(self._tokens), debugged),
            self._store,
            Recorder(self._act),
            self._alarm_clock,
            DeadLetterQueue(Nowhere(), "dead letters"),
            RetryDelays(Nowhere(), _QUEUE, self._clock, longest=1),
            self._write,
            BatchMetrics(lambda *_: None, self._clock),
        )

    def _doors(self, models: Models, queue: MessageQueue) -> dict[str, Callable[[Request], Response]]:
        messages = MessagesEndpoint(
            IotEventsSink(queue), self._clock, strict=self._strict, retry_seconds=DeliverySettings.retry_seconds
        )
        managed = Detectors(models, self._store, self._alarm_clock, self._clock, lambda: next(self._tokens))
        detectors = DetectorsEndpoint(managed, self._clock, min_timer_seconds=self._limits.min_timer_seconds)
        return {
            "BatchPutMessage": messages.answer,
            "DescribeDetector": detectors.describe,
            "ListDetectors": detectors.list,
            "BatchUpdateDetector": detectors.update,
            "BatchDeleteDetector": detectors.delete,
        }

    def _run(self) -> None:
        """Handles the messages that wait, those that detectors send to inputs included."""
        while self._fifo.waiting:
            record = self._fifo.waiting.popleft()
            if self._run_detectors({"Records": [record]})["batchItemFailures"]:
                raise AssertionError(f"a message was not handled: {self.log[-1] if self.log else ''}")

    def _act(self, text: str) -> None:
        """Records an action; a message to an input is handled here in any case, the others where they are delivered."""
        action = read_action(text)
        time = _EPOCH + timedelta(milliseconds=action.time)
        self.actions.append(
            Action(action.model, action.key, action.kind, action.parameters, action.body, time, action.id)
        )
        if self._deliver or action.kind == "iotEvents":
            try:
                self._targets.carry_out(action)
            except SinkUnavailable as error:
                self._write(
                    "ERROR", "an action failed", {"kind": action.kind, "path": action.path, "error": str(error)}
                )

    def _write(self, level: str, text: str, fields: Mapping[str, Any]) -> None:
        self.log.append(LogRecord(level, text, fields))


def _seconds(time: datetime) -> float:
    if time.tzinfo is None:
        raise ValueError("a time needs its time zone")
    return (time - _EPOCH) / timedelta(seconds=1)
