"""The values that expressions work on, how JSON text becomes them, and the texts that they become.

A value is a string, an integer (Python's `int`, 64 bits), a decimal (`Decimal`, 34 digits) or a Boolean. A
payload may also hold null (None), objects and arrays, and an expression may meet what is not there: `UNDEFINED`.
"""

from collections.abc import Callable, Mapping
from decimal import (
    ROUND_HALF_EVEN,
    Clamped,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounded,
    Subnormal,
)
from enum import Enum
from json import JSONDecodeError, JSONDecoder
from json.encoder import encode_basestring
from typing import Any

from distributary.errors import DistributaryError
from distributary.json_text.bounds import has_half_character, is_deeper

DIGITS = 34
EXPONENT = 6143
MOST_INTEGER, LEAST_INTEGER = 2**63 - 1, -(2**63)
MOST_TEXT = 128 * 1024
"""The longest string, in characters, that an expression makes: as long as the largest message may be."""
MOST_JSON_NESTING = 64

ARITHMETIC = Context(
    prec=DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emin=-EXPONENT,
    Emax=EXPONENT,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""What sums and products are computed in."""
_EXACT = Context(
    prec=DIGITS,
    Emin=-EXPONENT,
    Emax=EXPONENT,
    traps=[InvalidOperation, Inexact, Rounded, Overflow, Subnormal, Clamped],
)

NUMBERS = frozenset({int, Decimal})
SCALARS = frozenset({str, int, Decimal, bool})


class Absent(Enum):
    """What a reference may find instead of a value: nothing, or a number outside the limits."""

    UNDEFINED = "undefined"
    UNREADABLE = "unreadable"


UNDEFINED = Absent.UNDEFINED
UNREADABLE = Absent.UNREADABLE


class BadPayload(DistributaryError):
    """A payload that no detector can read: it says why."""


def integer_from(text: str) -> int | Decimal | Absent:
    """A JSON integer's value: a decimal beyond 64 bits, UNREADABLE beyond 34 digits."""
    if len(text) < 19:  # noqa: PLR2004 - any 18 digits fit 64 bits
        return int(text)
    if len(text) > DIGITS + 1:
        return UNREADABLE
    value = int(text)
    if LEAST_INTEGER <= value <= MOST_INTEGER:
        return value
    return decimal_from(text)


def decimal_from(text: str) -> Decimal | Absent:
    """A JSON number's value, digit for digit as written; UNREADABLE outside 34 digits or exponent ±6143."""
    try:
        return _EXACT.create_decimal(text)
    except DecimalException:
        return UNREADABLE


def _refuse_constant(text: str) -> Any:
    raise BadPayload(f"{text} is no JSON")


_DECODER = JSONDecoder(parse_float=decimal_from, parse_int=integer_from, parse_constant=_refuse_constant)


def read_json(text: str) -> Any:
    """The value of a JSON text, numbers exact; BadPayload for none, for nesting over 64 and for half a character."""
    try:
        value = _DECODER.decode(text)
    except JSONDecodeError as fault:
        raise BadPayload(f"no JSON: {fault}") from None
    except RecursionError:
        raise BadPayload(f"nested more than {MOST_JSON_NESTING} deep") from None
    if text.count("{") + text.count("[") > MOST_JSON_NESTING and is_deeper(value, MOST_JSON_NESTING):
        raise BadPayload(f"nested more than {MOST_JSON_NESTING} deep")
    if has_half_character(text):
        raise BadPayload("a string holds an unpaired surrogate")
    return value


def plain(value: Any) -> str:
    """A scalar's text for people, templates and keys: `true`, `7`, `20.0`, a string as it is."""
    kind = value.__class__
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    return _decimal(value) if kind is Decimal else str(value)


def _decimal(value: Decimal) -> str:
    """Always with a point, so that a decimal is still one when its text is read again."""
    text = format(value, "f")
    return text if "." in text else f"{text}.0"


def _exact_decimal(value: Decimal) -> str:
    text = str(value)
    return text if "." in text or "E" in text else f"{text}E0"


quote: Callable[[str], str] = encode_basestring
"""A string's JSON text, no character escaped that need not be."""


def write_json(value: Any) -> str:
    """The compact JSON text of a value, decimals plain and with a point; what is unreadable becomes null."""
    return _write(value, _decimal, "null")


def keep_json(value: Any) -> str:
    """The JSON text from which `read_json` makes the same value again, type and digits of each number included."""
    return _write(value, _exact_decimal, _STILL_UNREADABLE)


_STILL_UNREADABLE = "1E9999"


def _write(value: Any, number: Callable[[Decimal], str], unreadable: str) -> str:  # noqa: PLR0911 - one a kind
    kind = value.__class__
    if kind is str:
        return quote(value)
    if kind is int:
        return str(value)
    if kind is Decimal:
        return number(value)
    if kind is dict:
        members = [f"{quote(name)}:{_write(inner, number, unreadable)}" for name, inner in value.items()]
        return f"{{{','.join(members)}}}"
    if kind is list:
        return f"[{','.join([_write(inner, number, unreadable) for inner in value])}]"
    if value is UNREADABLE:
        return unreadable
    return "null" if value is None else plain(value)


def same(one: Any, other: Any) -> bool:
    """Whether two scalars are one: 3 is not 3.0, and 3.0 is not 3.00."""
    if one.__class__ is not other.__class__:
        return False
    return bool(one == other) and (one.__class__ is not Decimal or one.as_tuple() == other.as_tuple())


def read_object(text: str | bytes) -> Mapping[str, Any]:
    """A message's payload: the members of its JSON object; BadPayload for anything else."""
    try:
        value = read_json(text if isinstance(text, str) else text.decode())
    except UnicodeDecodeError:
        raise BadPayload("no UTF-8") from None
    if not isinstance(value, dict):
        raise BadPayload("not a JSON object")
    return value


def same_tree(one: Any, other: Any) -> bool:
    """`same` for containers too, member by member."""
    if one.__class__ is not other.__class__:
        return False
    if one.__class__ is dict:
        if len(one) != len(other):
            return False
        for name, inner in one.items():
            if name not in other or not (inner is other[name] or same_tree(inner, other[name])):
                return False
        return True
    if one.__class__ is list:
        return len(one) == len(other) and all(map(same_tree, one, other))
    return same(one, other)
