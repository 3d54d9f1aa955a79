"""What a stage's detector models add to the price of messages, for each model.

$ per million messages to one model, list prices of us-east-1, which are a few cents off for other regions. A package
that is installed has no `commands/cost`: these are its numbers, as a test compares.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from distributary.iot_events.model.definition import Definition
from distributary.iot_events.model.used_paths import inputs_of


@dataclass(frozen=True)
class Price:
    """$ per million messages: where ten come in a request, and where one does."""

    ten: float
    one: float

    def __add__(self, other: "Price") -> "Price":
        """Both together."""
        return Price(self.ten + other.ten, self.one + other.one)


SENT = Price(0.05, 0.50)
"""SQS FIFO: SendMessageBatch; up to ten models that read the same message share a call."""
READ = Price(0.286, 1.707)
"""Receive and delete, Lambda's request and time, DynamoDB's reads, the log."""
STORED = Price(0.644, 0.705)
"""DynamoDB's write, and Lambda for as much longer."""
WOKEN = Price(0.198, 0.891)
"""A wake-up for four or five messages: a timer of five minutes, and a message a minute."""
_STORING = {"setVariable", "setTimer", "resetTimer", "clearTimer"}
_ARMING = {"setTimer", "resetTimer"}


def price(definition: Definition) -> tuple[Price, Price]:
    """Of a message that changes nothing, and of one that each event of `onInput` takes: what the model adds."""
    kinds = {action.kind for state in definition.states for event in state.on_input for action in event.actions}
    most = READ
    for changes, more in ((_STORING, STORED), (_ARMING, WOKEN)):
        if kinds & changes:
            most += more
    return READ, most


def told(definitions: Sequence[Definition]) -> Iterator[str]:
    """What a stage's models add, a line for each; one line where there are none."""
    if not definitions:
        yield "No detector models: events skip the sink iot_events, and pay nothing for it."
        return
    yield (
        "Detector models add, in $ per million messages that they read (docs/explanation/cost.md): "
        f"{SENT.ten:.2f} to send "
        f"where ten come in a request, {SENT.one:.2f} where one does; then for each model"
    )
    for definition in definitions:
        least, most = price(definition)
        reads = ", ".join(sorted(inputs_of(definition)))
        yield (
            f"{definition.name} (reads {reads}): {_range(least.ten, most.ten)} where ten come in a request, "
            f"{_range(least.one, most.one)} where one does"
        )


def _range(least: float, most: float) -> str:
    return f"{least:.2f}" if least == most else f"{least:.2f} to {most:.2f} (as far as each message is stored)"
