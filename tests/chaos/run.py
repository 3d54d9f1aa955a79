"""One scenario from the first request to the verdict."""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chaos.client import Sending, post_events, send
from chaos.landed import SINKS, Landed
from chaos.orders import Killer, OrderError, Orders
from chaos.request_batch import RequestBatch, request_batches
from chaos.scenario import Scenario, addressed
from chaos.verdict import Verdict, content_faults, delivery_faults, duplicates, lost, undelivered
from commands.post import Answer
from commands.stage import Stage

CLIENTS = 4
DRAIN_SECONDS = 200.0
"""What waits comes within 75 s, but where a process was killed before it could say how long it needs its messages:
these come after their queue's visibility timeout, three minutes (docs/reference/limits-and-timeouts.md)."""
LOOK_SECONDS = 0.5
API_SECONDS = 30.0
"""API Gateway's longest."""


@dataclass
class Course:
    """A scenario under way. `injected`: how often each fault and the kill was; `dead`: dead letters by sink."""

    scenario: Scenario
    request_batches: Sequence[RequestBatch]
    started: float = field(default_factory=time.monotonic)
    sendings: list[Sending] = field(default_factory=list)
    injected: dict[str, int] = field(default_factory=dict)
    dead: dict[str, set[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def events(self) -> dict[str, Mapping[str, Any]]:
        """Every event by its id."""
        return {name: data for batch in self.request_batches for name, data in batch.events.items()}

    @property
    def accepted(self) -> set[str]:
        """The events that any answer called accepted."""
        return {name for sending in self.sendings for name in sending.accepted}


class Matrix:
    """A run over many scenarios on one stage; `events` is how many each sends, with the headers of `credential`."""

    def __init__(self, stage: Stage, landed: Landed, *, run: str, events: int, credential: Mapping[str, str]) -> None:
        self._stage = stage
        self._orders = Orders(stage)
        self._landed = landed
        self._run = run
        self._events = events
        self._credential = credential
        self._sent: dict[str, Mapping[str, Any]] = {}  # of the whole run: what is delivered late is known all the same

    def prove(self, scenario: Scenario) -> Verdict:
        """The verdict over one scenario."""
        made = request_batches(self._run, scenario.number, events=self._events, large_every=scenario.large_every)
        course = Course(scenario, made)
        self._sent |= course.events
        self._orders.clear()
        try:
            self._send(course)
            self._drain(course)
            self._count(course)
            if scenario.replay:
                self._replay_dead_letters(course)
        except OrderError as error:
            course.faults.append(str(error))
        finally:
            self._orders.clear()
        return self._verdict(course)

    def _send(self, course: Course) -> None:
        begin = 0
        with self._killing(course, "sending"), ThreadPoolExecutor(CLIENTS) as clients:
            for step in course.scenario.steps:
                faults = addressed(step.faults or {}, self._stage.outputs)
                self._orders.set(faults)
                end = begin + round(step.share * len(course.request_batches))
                course.sendings += clients.map(partial(send, self._ask), course.request_batches[begin:end])
                begin = end
                self._mend(course, [name for name, fault in faults.items() if "seconds" not in fault])

    def _ask(self, headers: Mapping[str, str], body: bytes) -> Answer:
        return post_events(self._stage.endpoint, {**headers, **self._credential}, body)

    def _mend(self, course: Course, names: Collection[str]) -> None:
        """End the faults that do not end by themselves."""
        self._count(course)
        for name in names:
            self._orders.clear(name)

    def _count(self, course: Course) -> None:
        course.injected |= self._orders.injected()

    def _killing(self, course: Course, during: str) -> Killer:
        kill = course.scenario.kill
        name = self._stage.outputs.get(kill.function, "") if kill and kill.during == during else ""
        return Killer(self._orders, kill if name else None, name, course.injected)

    def _drain(self, course: Course, *, dead_letters_count: bool = True) -> None:
        """Wait until every accepted event is where it belongs, or a dead letter, and nothing waits to be delivered."""
        end = time.monotonic() + DRAIN_SECONDS
        with self._killing(course, "draining"):
            while True:
                self._landed.look()
                lacking = undelivered(course.accepted, self._landed.found)
                if any(lacking.values()) and dead_letters_count:
                    course.dead = self._of_this(course, self._landed.dead())
                    lacking = lost(lacking, course.dead)
                if not any(lacking.values()) and not self._orders.waiting():
                    return
                if time.monotonic() > end:
                    course.faults.append(
                        f"not drained after {DRAIN_SECONDS:.0f} s: {self._orders.waiting()} messages wait"
                    )
                    return
                time.sleep(LOOK_SECONDS)

    def _of_this(self, course: Course, dead: Mapping[str, set[str]]) -> dict[str, set[str]]:
        events = course.events.keys()
        return {sink: letters & events for sink, letters in dead.items() if letters & events}

    def _replay_dead_letters(self, course: Course) -> None:
        """Bring them back; from here on a dead letter is no place for an event."""
        if not course.dead:
            course.faults.append("there was no dead letter to replay")
            return
        self._orders.clear()
        self._orders.replay()
        self._drain(course, dead_letters_count=False)

    def _verdict(self, course: Course) -> Verdict:
        found, events = self._landed.found, course.events
        lacking = undelivered(course.accepted, found)
        missing = lacking if course.scenario.replay else lost(lacking, course.dead)
        faults = [
            *course.faults,
            *delivery_faults(events, course.accepted, missing),
            *content_faults(self._sent, found),
            *(f"{one} is in a sink, and nobody sent it" for one in self._landed.strangers[:1]),
            *_answer_faults(course),
            *_injection_faults(course),
        ]
        return Verdict(
            number=course.scenario.number,
            name=course.scenario.name,
            sent=len(events),
            accepted=len(course.accepted),
            delivered={sink: len(events.keys() & found[sink].keys()) for sink in SINKS},
            duplicates=duplicates(events, found),
            dead_letters=sum(map(len, course.dead.values())),
            lost=sum(map(len, missing.values())),
            faults=faults,
            spilled=len({pair for sending in course.sendings for pair in sending.spilled}),
            injected=sum(course.injected.values()),
            seconds=time.monotonic() - course.started,
            answers=sum((sending.answers for sending in course.sendings), Counter[int]()),
        )


def _answer_faults(course: Course) -> list[str]:
    """What is wrong with the answers themselves."""
    faults = [fault for sending in course.sendings for fault in sending.faults][:3]
    slowest = max((sending.slowest for sending in course.sendings), default=0.0)
    if course.scenario.answered and any(sending.not_ours for sending in course.sendings):
        faults.append(
            f"{sum(sending.not_ours for sending in course.sendings)} requests were not answered by the product"
        )
    if course.scenario.answered and slowest > API_SECONDS:
        faults.append(f"an answer took {slowest:.0f} s")
    return faults


def _injection_faults(course: Course) -> list[str]:
    """Faults of the scenario that never happened."""
    wanted = [name for step in course.scenario.steps for name in step.faults or {}]
    wanted += ["kill"] if course.scenario.kill else []
    return [f"the fault {name} was never injected" for name in wanted if not course.injected.get(name)]
