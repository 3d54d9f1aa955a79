"""A synthesised template, read for the pages that describe it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_HASH = re.compile(r"[0-9A-F]{8}$")


def named(logical_id: str) -> str:
    """A logical id without the hash that ends it."""
    return _HASH.sub("", logical_id)


def of_type(template: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The resources of a type: the logical id without its hash, and the properties."""
    for name, one in template["Resources"].items():
        if one["Type"] == kind:
            yield named(name), one["Properties"]


def text(value: Any) -> str:
    """A property's value; of a reference, the name of the resource that it leads to."""
    if not isinstance(value, dict):
        return str(value)
    [(_, place)] = value.items()
    return named(place if isinstance(place, str) else place[0])


def functions(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The functions of `lambdas/` by their folder, with their properties."""
    found = {}
    for _, one in of_type(template, "AWS::Lambda::Function"):
        description = str(one.get("Description", ""))
        if description.startswith("Distributary: "):
            found[description.removeprefix("Distributary: ").replace(" ", "_")] = one
    return found
