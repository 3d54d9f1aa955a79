"""Values of payloads as DynamoDB's attributes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from distributary.errors import SinkUnavailable
from distributary.iot_events.values import BadPayload, read_json


def attribute(value: Any) -> dict[str, Any]:
    """The attribute: numbers keep their digits, what DynamoDB's numbers cannot hold is null."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | Decimal):
        return {"N": str(value)}
    if isinstance(value, dict):
        return {"M": {name: attribute(one) for name, one in value.items()}}
    if isinstance(value, list):
        return {"L": [attribute(one) for one in value]}
    return {"NULL": True}


def columns(text: str) -> dict[str, Any]:
    """An item with an attribute for each member of a JSON object. Raises SinkUnavailable where the text is none."""
    try:
        value = read_json(text)
    except BadPayload as fault:
        raise SinkUnavailable("InvalidPayload", str(fault), retryable=False) from fault
    if not isinstance(value, dict):
        raise SinkUnavailable("InvalidPayload", "not a JSON object", retryable=False)
    return {name: attribute(one) for name, one in value.items()}


def key_attribute(parameters: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The hash or range key of an item, typed as the action says."""
    kind = "N" if parameters.get(f"{part}KeyType") == "NUMBER" else "S"
    return {parameters[f"{part}KeyField"]: {kind: parameters[f"{part}KeyValue"]}}
