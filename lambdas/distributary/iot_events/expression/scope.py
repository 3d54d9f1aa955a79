"""What an expression can see while it runs."""

from collections.abc import Callable, Mapping
from typing import Any

from distributary.iot_events.expression.errors import Unevaluable

MESSAGE, TIMER = "Message", "Timer"


class Scope:
    """What an expression can see: the last payload of each input, the variables, and the cycle that asks.

    `expired` are the timers whose expiry this cycle may report; `asked` collects those that some `timeout()` asked for,
    `remarks` what an expression met that is worth a line in the log.
    """

    __slots__ = ("asked", "expired", "input", "inputs", "remarks", "trigger", "variables")
    asked: set[str]
    remarks: list[Unevaluable]

    def __init__(
        self,
        inputs: Mapping[str, Any],
        variables: Mapping[str, Any],
        *,
        input: str | None = None,  # noqa: A002 - the language's word
        expired: frozenset[str] = frozenset(),
    ) -> None:
        self.inputs = inputs
        self.variables = variables
        self.input = input
        self.trigger = TIMER if input is None else MESSAGE
        self.expired = expired
        self.asked = set()
        self.remarks = []


Evaluate = Callable[[Scope], Any]
"""What an expression, or a part of one, is compiled to."""
