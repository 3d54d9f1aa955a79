"""In which order the resources of a template are created, and in which they are deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

SUBSTITUTED = re.compile(r"\$\{(\w+)")


def in_order(resources: Mapping[str, Any], keys: AbstractSet[str]) -> list[str]:
    """The logical ids, each after those that its part of the template mentions."""
    ordered: dict[str, None] = {}

    def put(key: str, above: tuple[str, ...] = ()) -> None:
        if key in ordered:
            return
        for other in sorted(mentioned(resources[key]) & keys - {key, *above}):
            put(other, (*above, key))
        ordered[key] = None

    for key in resources:
        if key in keys:
            put(key)
    return list(ordered)


def mentioned(value: Any) -> set[str]:
    """Every text in a part of a template, and every name in a Fn::Sub: whatever it refers to is among them."""
    if isinstance(value, str):
        return {value, *SUBSTITUTED.findall(value)}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for part in parts for text in mentioned(part)}
