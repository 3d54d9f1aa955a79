"""DynamoDB's attribute values: the text that it gives a number, and the bytes that it counts."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, Overflow, Underflow
from typing import Any

# docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html, "Number"
DIGITS = 38
LARGEST_EXPONENT, SMALLEST_EXPONENT = 125, -130
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
TOO_LONG = "Attempting to store more than 38 significant digits in a Number"
TOO_LARGE = "Number overflow. Attempting to store a number with magnitude larger than supported range"
TOO_SMALL = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
EXACT = Context(prec=10_000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, Overflow, Underflow])

# docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
NESTING_BYTES = 3
ELEMENT_BYTES = 1


class NotANumber(ValueError):
    """Nothing that DynamoDB takes for a number; the message is DynamoDB's."""


def number(text: str) -> str:
    """The number as DynamoDB gives it back: no zeros that say nothing, no exponent. Raises NotANumber."""
    if not NUMBER.fullmatch(text):
        raise NotANumber(f"The parameter cannot be converted to a numeric value: {text}")
    try:
        value = EXACT.normalize(EXACT.create_decimal(text))
    except Overflow as error:
        raise NotANumber(TOO_LARGE) from error
    except Underflow as error:
        raise NotANumber(TOO_SMALL) from error
    except Inexact as error:
        raise NotANumber(TOO_LONG) from error
    if not value:
        return "0"
    if len(value.as_tuple().digits) > DIGITS:
        raise NotANumber(TOO_LONG)
    if value.adjusted() > LARGEST_EXPONENT:
        raise NotANumber(TOO_LARGE)
    if value.adjusted() < SMALLEST_EXPONENT:
        raise NotANumber(TOO_SMALL)
    return f"{value:f}"


def numbers(texts: list[str]) -> list[str]:
    """A number set as DynamoDB gives it back. Raises NotANumber, also where two are equal."""
    settled = [number(text) for text in texts]
    if len(set(settled)) < len(settled):
        raise NotANumber(f"Input collection [{', '.join(texts)}] contains duplicates.")
    return settled


def settle(value: Any) -> None:
    """Gives every number in a request or an item, however deep, DynamoDB's text, in place. Raises NotANumber."""
    if isinstance(value, list):
        for one in value:
            settle(one)
    elif isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("N"), str):
            value["N"] = number(value["N"])
        elif len(value) == 1 and isinstance(value.get("NS"), list):
            value["NS"] = numbers(value["NS"])
        else:
            for one in value.values():
                settle(one)


def item_size(item: dict[str, Any]) -> int:
    """The bytes of an item: names and values."""
    return sum(len(name.encode()) + size(value) for name, value in item.items())


def size(attribute_value: dict[str, Any]) -> int:
    """The bytes of one value, numbers in DynamoDB's text."""
    [(kind, value)] = attribute_value.items()
    match kind:
        case "M":
            return NESTING_BYTES + item_size(value) + ELEMENT_BYTES * len(value)
        case "L":
            return NESTING_BYTES + sum(size(one) + ELEMENT_BYTES for one in value)
        case "NULL" | "BOOL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(size({kind[0]: one}) for one in value)
        case "N":
            return (len(Decimal(value).as_tuple().digits) + 1) // 2 + 1
        case _:
            return len(value.encode() if isinstance(value, str) else value)
