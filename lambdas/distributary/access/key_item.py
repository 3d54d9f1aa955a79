"""A key as its table holds it: to and from DynamoDB's own JSON.

`rights` is always there, null for none. Where it is missing, the key was made before there were rights: then the door
`iot_events` opened the routes under `/detectors` as well. Such a key goes on reading detectors, and manages none.
"""

from collections.abc import Mapping
from typing import Any

from distributary.access.key import EVERY_SINK, Key
from distributary.access.quota import Quota


def item_of(key: Key) -> dict[str, Any]:
    """The table's item for a key, in DynamoDB's own JSON; what is empty or None has no attribute.

    Raises ValueError for `EVERY_SINK`: an item names its sinks, so that a version that knows more of them, or that
    knows no `*`, reads what was meant.
    """
    if key.sinks == EVERY_SINK:
        raise ValueError("an item names its sinks")
    sets = {"doors": key.doors, "rights": key.rights, "sinks": key.sinks, "sources": key.sources}
    numbers = {"created": key.created, "expires": key.expires, "revoked": key.revoked}
    if key.quota:
        numbers |= {"rate": key.quota.rate, "burst": key.quota.burst}
    return (
        {"id": {"S": key.id}, "name": {"S": key.name}, "browser": {"BOOL": key.browser}, "rights": {"NULL": True}}
        | {name: {"SS": sorted(values)} for name, values in sets.items() if values}
        | {name: {"N": f"{value:.15g}"} for name, value in numbers.items() if value is not None}
        | ({"last_used": {"S": key.last_used}} if key.last_used else {})
    )


def key_of(item: Mapping[str, Any]) -> Key:
    """The key of a table's item. An attribute of the wrong type allows nothing: no API, no sink, long expired."""
    rate, burst = _number(item, "rate"), _number(item, "burst")
    return Key(
        id=_text(item, "id"),
        name=_text(item, "name"),
        doors=_set(item, "doors"),
        rights=_rights(item),
        sinks=_set(item, "sinks") - EVERY_SINK,
        sources=_set(item, "sources"),
        browser=item.get("browser", {}).get("BOOL") is True,
        quota=None if rate is None else Quota(max(rate, 0.001), max(burst or 0.0, 1.0)),
        created=_number(item, "created") or 0.0,
        expires=_number(item, "expires"),
        revoked=_number(item, "revoked"),
        last_used=_text(item, "last_used"),
    )


def _rights(item: Mapping[str, Any]) -> frozenset[str]:
    if "rights" in item:
        return _set(item, "rights")
    could_read = "iot_events" in _set(item, "doors") & _set(item, "sinks")
    return frozenset({"detectors:read"}) if could_read else frozenset()


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(item.get(name, {}).get("S", ""))


def _set(item: Mapping[str, Any], name: str) -> frozenset[str]:
    return frozenset(item.get(name, {}).get("SS", ()))


def _number(item: Mapping[str, Any], name: str) -> float | None:
    return float(item[name].get("N", 0)) if name in item else None
