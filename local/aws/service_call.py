"""A call of a service with what a template says: what it takes and gives is read from botocore's model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore import xform_name

if TYPE_CHECKING:
    from collections.abc import Mapping

Properties = dict[str, Any]


class UnknownProperty(ValueError):
    """The template sets a property that the service's API does not have."""


def call(client: Any, operation: str, parameters: Properties, *, strict: bool) -> Properties:
    """What the service answered. Not `strict`: parameters that the operation does not take are left out."""
    answer = getattr(client, xform_name(operation))(**fit(shape_of(client, operation), parameters, strict=strict))
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def shape_of(client: Any, operation: str) -> Any:
    """The botocore shape of an operation's input."""
    return client.meta.service_model.operation_model(operation).input_shape


def fit(shape: Any, value: Any, *, strict: bool) -> Any:
    """The value as the shape wants it: names in the API's case, "true" as Boolean, "30" as number, tags as a map."""
    if shape.type_name == "structure":
        return fit_structure(shape, value, strict=strict)
    if shape.type_name == "list":
        return [fit(shape.member, item, strict=strict) for item in value]
    if shape.type_name == "map":
        pairs = {item["Key"]: item["Value"] for item in value} if isinstance(value, list) else value
        return {key: fit(shape.value, item, strict=strict) for key, item in pairs.items()}
    return fit_scalar(shape.type_name, value)


def fit_structure(shape: Any, value: Mapping[str, Any], *, strict: bool) -> Properties:
    """The structure, its members named as the API names them."""
    names = {member.lower(): member for member in shape.members}
    unknown = [key for key in value if key.lower() not in names]
    if strict and unknown:
        raise UnknownProperty(f"{shape.name} has no {', '.join(unknown)}")
    known = {names[key.lower()]: item for key, item in value.items() if key.lower() in names and item is not None}
    return {key: fit(shape.members[key], item, strict=strict) for key, item in known.items()}


def fit_scalar(type_name: str, value: Any) -> Any:
    """The scalar in the shape's type: templates write numbers and Booleans as text, and JSON documents as objects."""
    if type_name == "string" and isinstance(value, dict | list):
        return json.dumps(value)
    if type_name == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if type_name == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    if type_name in ("integer", "long") and isinstance(value, str | float):
        return int(value)
    if type_name in ("double", "float") and isinstance(value, str | int):
        return float(value)
    return value
