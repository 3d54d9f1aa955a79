"""What the third leg costs: queueing messages for detector models, and running the models on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from commands.cost import sizes
from commands.cost.load import MILLION, Load
from commands.cost.prices import GB

CALL_MESSAGES = 10
"""Messages of one call, and of one batch of `run_detectors`, at most."""
_SQS_UNIT = 64 * 1024
_CARRY_OUT_SECONDS = 0.05
_WAKE_SECONDS = 0.02


@dataclass(frozen=True)
class Model:
    """A detector model by what a message makes it do, of which 1.0 is every message.

    The milliseconds of a batch are assumed from the CPU that `bench/README.md` measured, and 5 ms a call to AWS.
    """

    name: str
    writes: float
    actions: float = 0.0
    wake_ups: float = 0.0
    batch_ms: float = 8.0
    message_ms: float = 0.22


THRESHOLD = Model("threshold", writes=0.0, actions=0.01)
"""Passed once in a hundred messages, and acts then."""
HEARTBEAT = Model("heartbeat", writes=1.0, wake_ups=0.23, batch_ms=14.0, message_ms=1.1)
"""A message a minute resets a timer of five."""


class Part(NamedTuple):
    """One line of a table: its name, and dollars per million messages."""

    name: str
    dollars: float


def items(load: Load, prices: Mapping[str, float], model: Model = THRESHOLD) -> Iterator[tuple[str, float]]:
    """The line items of the leg per million posted events, each of which `load.detectors` models read."""
    messages = load.batch * load.detectors
    calls = ceil(messages / CALL_MESSAGES)
    units = ceil(min(messages, CALL_MESSAGES) * (load.size + sizes.MESSAGE) / _SQS_UNIT)
    yield "IoT Events input: sending to SQS FIFO", MILLION / load.batch * calls * units * prices["sqs-fifo-request"]
    together = min(messages, CALL_MESSAGES)
    for name, dollars in running(model, together, prices):
        yield f"detectors: {name}", dollars * load.detectors


def running(model: Model, together: int, prices: Mapping[str, float]) -> list[Part]:
    """What running one model costs per million messages, of which so many come to `run_detectors` in a batch."""
    batches = MILLION / together
    seconds = (model.batch_ms + model.message_ms * (together - 1)) / 1000
    reads = MILLION + batches
    writes = MILLION * (model.writes + 2 * model.actions)
    return [
        Part("receiving and deleting, SQS FIFO", 2 * batches * prices["sqs-fifo-request"]),
        Part("Lambda, requests", batches * prices["lambda-request"]),
        Part("Lambda, time", batches * seconds * prices["lambda-gb-second"]),
        Part("DynamoDB, reads", reads * prices["dynamodb-read"]),
        Part("DynamoDB, writes", writes * prices["dynamodb-write"]),
        Part("actions", MILLION * model.actions * _action(prices)),
        Part("wake-ups", MILLION * model.wake_ups * _wake_up(together, prices) if model.wake_ups else 0.0),
        Part("log", batches * (sizes.RUN_LINE + sizes.LOG_EVENT) / GB * prices["logs-gb"]),
    ]


def _action(prices: Mapping[str, float]) -> float:
    """Sent, received, deleted, and carried out; the target's own price is not counted."""
    return 3 * prices["sqs-request"] + prices["lambda-request"] + _CARRY_OUT_SECONDS * prices["lambda-gb-second"]


def _wake_up(together: int, prices: Mapping[str, float]) -> float:
    """A delayed message, `wake_detectors` with its one call, and a batch that reads the message in its group."""
    delayed = prices["sqs-request"] * (1 + 2 / together)
    waking = prices["lambda-request"] + _WAKE_SECONDS * prices["lambda-gb-second"] + prices["sqs-fifo-request"]
    read = sum(part.dollars for part in running(_READER, together, prices)) / MILLION
    return delayed + waking / together + read


_READER = Model("reader", writes=0.0)
