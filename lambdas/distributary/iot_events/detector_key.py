"""The value in a payload that tells one detector of a model from another."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from distributary.errors import DistributaryError
from distributary.iot_events.values import SCALARS, plain

_SEGMENT = re.compile(r"`([^`]*)`|([^.`]+)")
ADDRESSABLE = re.compile(r"[a-zA-Z0-9\-_:]{1,128}")
"""What DescribeDetector can be asked for: the pattern of KeyValue in the service's API."""


class BadKey(DistributaryError):
    """A payload that belongs to no detector of a model: it says why, without the value."""


def key_value(path: str | None, payload: Mapping[str, Any]) -> str | None:
    """The key's text, None for a model without a key; BadKey where the payload has none or one no detector can have."""
    if path is None:
        return None
    value: Any = payload
    for segment in segments(path):
        value = value.get(segment) if isinstance(value, dict) else None
    if value is None:
        raise BadKey(f"the payload has no key at {path}")
    if value.__class__ not in SCALARS or not ADDRESSABLE.fullmatch(text := plain(value)):
        raise BadKey(f"the key at {path} is not 1 to 128 of the characters a-z A-Z 0-9 - _ :")
    return text


def why_no_key(path: str | None, payload: Mapping[str, Any]) -> str | None:
    """Why the payload belongs to no detector of a model with its key at this path; None where it belongs to one."""
    try:
        key_value(path, payload)
    except BadKey as fault:
        return str(fault)
    return None


@lru_cache(maxsize=1024)
def segments(path: str) -> tuple[str, ...]:
    """The members that a path like ``data.`motor pressure` `` leads through."""
    return tuple(quoted or bare for quoted, bare in _SEGMENT.findall(path))
