"""The key of an object that Firehose writes: prefix expressions, stream, time, random ending.

docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and s3-object-name.html.
"""

from __future__ import annotations

import re
import secrets
import string
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

EXPRESSION = re.compile(r"!\{([a-zA-Z]+):([^}]*)\}")
RANDOM_STRING_LENGTH = 11
# Java's DateTimeFormatter letters → strftime; 'text' in quotes stands as it is.
PATTERN = re.compile(r"'([^']*)'|yyyy|yy|MM|dd|HH|mm|ss|SSS|[A-Za-z]+|[^A-Za-z']+")
LETTERS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


class BadPrefix(ValueError):
    """The prefix has an expression that Firehose does not know, or not here."""


@dataclass(frozen=True)
class Naming:
    """How a stream names its objects. `ending`: ".gz" for GZIP, or the stream's file extension."""

    stream: str
    version: str
    prefix: str = ""
    error_prefix: str = ""
    ending: str = ""
    zone: tzinfo = UTC

    def key(self, arrived: datetime, error: str | None = None) -> str:
        """The key of an object whose oldest record arrived then; `error`: the kind of failure that put it aside."""
        local = arrived.astimezone(self.zone)
        prefix = self.prefix if error is None else self.error_prefix
        name = f"{self.stream}-{self.version}-{local:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{self.ending}"
        return evaluate(prefix, local, error) + name


def evaluate(prefix: str, arrived: datetime, error: str | None = None) -> str:
    """The prefix with its expressions replaced; one without an expression is followed by YYYY/MM/dd/HH/."""
    if "!{" not in prefix:
        return f"{prefix}{arrived:%Y/%m/%d/%H}/"
    evaluated = EXPRESSION.sub(lambda found: value(found[1], found[2], arrived, error), prefix)
    if "!{" in evaluated:
        raise BadPrefix(f"{prefix!r} has an expression that is not !{{namespace:value}}")
    return evaluated


def value(namespace: str, name: str, arrived: datetime, error: str | None) -> str:
    """What one expression stands for."""
    if namespace == "timestamp":
        return formatted(name, arrived)
    if (namespace, name) == ("firehose", "random-string"):
        return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(RANDOM_STRING_LENGTH))
    if (namespace, name) == ("firehose", "error-output-type") and error is not None:
        return error
    raise BadPrefix(f"!{{{namespace}:{name}}} cannot stand in this prefix")


def formatted(pattern: str, moment: datetime) -> str:
    """The moment in a pattern of Java's DateTimeFormatter (the letters y M d H m s S)."""
    return "".join(token(found[0], found[1], moment) for found in PATTERN.finditer(pattern))


def token(text: str, quoted: str | None, moment: datetime) -> str:
    """One piece of the pattern."""
    if quoted is not None:
        return quoted
    if text == "SSS":
        return f"{moment.microsecond // 1000:03}"
    if text in LETTERS:
        return moment.strftime(LETTERS[text])
    if text.isalpha():
        raise BadPrefix(f"the timestamp pattern has {text!r}, which is not understood here")
    return text
