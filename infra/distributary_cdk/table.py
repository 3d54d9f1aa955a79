"""Tables of a TOML file, checked against frozen dataclasses and read into them: types, ranges and unknown keys."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from distributary.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Table = Mapping[str, Any]
T = TypeVar("T", bound="DataclassInstance")

_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def within(low: int, high: int, default: int) -> Any:
    """A dataclass field for a number from `low` to `high`."""
    return field(default=default, metadata={"range": (low, high)})


def laid_over(table: Table, preset: Table) -> dict[str, Any]:
    """The table with the preset's values over its own, table by table; a list is replaced as a whole."""
    merged = dict(table)
    for key, value in preset.items():
        below = merged.get(key)
        merged[key] = laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def read(kind: type[T], table: Table, faults: list[str], *, place: str = "", **given: Any) -> T:
    """The dataclass that the table describes, with `given` members that no table may bring.

    A member that the class does not have, or not of this type or range, adds `place.key: …` to the faults and is
    left at its default, so that what follows can be checked too.
    """
    hints = get_type_hints(kind)
    known = {each.name: each.metadata.get("range") for each in fields(kind) if each.name not in given}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            faults.append(f"{place}{key}: unknown; known are {', '.join(known)}")
        elif is_dataclass(hints[key]) and isinstance(value, dict):
            values[key] = read(hints[key], value, faults, place=f"{place}{key}.")
        elif not _fits(value, hints[key]):
            faults.append(f"{place}{key} = {value!r}: must be {_described(hints[key])}")
        elif (bounds := known[key]) and not bounds[0] <= value <= bounds[1]:
            faults.append(f"{place}{key} = {value!r}: must be from {bounds[0]} to {bounds[1]}")
        else:
            values[key] = tuple(value) if isinstance(value, list) else value
    try:
        return kind(**given, **values)
    except SettingsError as error:
        faults += [f"{place}{fault}" for fault in error.faults]
        wrong = {re.split(r"\W", fault, maxsplit=1)[0] for fault in error.faults}
        with suppress(SettingsError):
            return kind(**given, **{key: value for key, value in values.items() if key not in wrong})
        return kind(**given)


def _fits(value: object, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return type(value) is type(get_args(hint)[0]) and value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, list) and all(_fits(each, get_args(hint)[0]) for each in value)
    if hint is float:
        return type(value) in (int, float)
    return type(value) is (hint if hint in _NAMES else dict)


def _described(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) is tuple:
        return "a list of strings" if get_args(hint)[0] is str else "a list of tables"
    return _NAMES.get(hint, "a table")
