"""What can be wrong with an expression: its text, before it ever runs, or what it finds when it runs.

```
DistributaryError
├── ExpressionError    the text is no expression: a finding when the model is published
└── Unevaluable        it is one, but not with these values: a false condition, a skipped action, a line in the log
```
"""

from distributary.errors import DistributaryError

_MOST_SHOWN = 80


class ExpressionError(DistributaryError):
    """A text that is no expression: `column` counts characters from 1."""

    def __init__(self, expression: str, column: int, reason: str) -> None:
        super().__init__(f"{reason}, at column {column} of '{shorten(expression)}'")
        self.expression = expression
        self.column = column
        self.reason = reason


class Unevaluable(DistributaryError):
    """An expression without a value: `column` is the failing operator's, from 1; 0 where unknown."""

    def __init__(self, reason: str, column: int = 0, expression: str = "") -> None:
        super().__init__(f"{reason}, at column {column} of '{shorten(expression)}'" if expression else reason)
        self.reason = reason
        self.column = column
        self.expression = expression


def shorten(text: str) -> str:
    """The text as one line of a log shows it."""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
