"""Tables of a TOML file, read into props: what is wrong with them is listed, each with its place."""

import copy
import itertools
import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from distributary_cdk.prop_faults import faults_of, known
from distributary_cdk.prop_types import Table

__all__ = ["Table", "laid_over", "read"]

T = TypeVar("T")
_NOTHING = object()


def laid_over(table: Table, preset: Table) -> dict[str, Any]:
    """The table with the preset's values over its own, table by table; a list is replaced as a whole."""
    merged = dict(table)
    for key, value in preset.items():
        below = merged.get(key)
        merged[key] = laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def read(kind: type[T], table: Table, faults: list[str], *, place: str = "", **given: Any) -> T | None:
    """The props that the table describes, with `given` members that no table may bring; None where none can be made.

    Each fault goes to the list as `place.key …`. What is wrong is left at its default and the rest read again, so that
    every fault is found, those between fields too.
    """
    names = [name for name in known(kind) if name not in given]
    wrong = [f"{key}: unknown; known are {', '.join(names)}" for key in given if key in table]
    left, made = copy.deepcopy({**table, **given}), None
    while made is None:
        try:
            # As JSON, where a list may be a tuple and a table props; pydantic's strict mode has neither in Python.
            made = TypeAdapter(kind).validate_json(json.dumps(left, default=_other))
        except ValidationError as error:
            found = [*faults_of(kind, left, error, hidden=given)]
            wrong += [text for _, text in found]
            if not sum(_removed(left, path) for path in dict.fromkeys(path for path, _ in found)):
                break
    faults += [f"{place}{text}" for text in wrong]
    return made


def _other(value: object) -> object:
    """A date or a time of TOML: what no setting is."""
    return {type(value).__name__: str(value)}


def _removed(table: Any, path: tuple[str | int, ...]) -> bool:
    """Take out what is at the path, or the list that it is in. False where nothing can be taken out."""
    names = [*itertools.takewhile(lambda part: isinstance(part, str), path)]
    for name in names[:-1]:
        table = table.get(name, {})
    return bool(names) and table.pop(names[-1], _NOTHING) is not _NOTHING
