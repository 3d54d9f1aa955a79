"""What is wrong with the values of props, each with its place, in words: `place = value: must be …`."""

from collections.abc import Iterator, Sequence
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import ValidationError

from distributary_cdk.prop_types import FOREIGN, GIVEN, Given, Table

Path = tuple[str | int, ...]
CONTRADICTIONS = "faults"
"""pydantic's type of the error that a class of props raises with what its method `faults` yields."""
_LISTS = (tuple, Sequence)
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def known(kind: type[Any]) -> list[str]:
    """The names of the fields that a file may set."""
    hints = hints_of(kind)
    return [name for name in kind.__annotations__ if not _is_foreign(hints[name])]


def faults_of(
    kind: type[Any], given: Table, error: ValidationError, *, hidden: Table = MappingProxyType({})
) -> Iterator[tuple[Path, str]]:
    """The path of each value that is wrong, and what is wrong with it: `place = value: must be …`.

    `hidden` are fields that no list of known ones names.
    """
    seen = set()
    for one in error.errors():
        path, owner, hint = _field_at(kind, one["loc"])
        place, value = _written(path), _value_at(given, path)
        if one["type"] == CONTRADICTIONS:
            found = one["ctx"]["faults"]
            texts = [_joined(place, each) for each in found]
        elif path in seen:
            continue
        elif one["type"] == GIVEN:
            texts = [f"{place} = {value!r}: {one['msg']}"]
        elif hint is None or one["type"] == FOREIGN:
            texts = [f"{place}: unknown; known are {', '.join(name for name in known(owner) if name not in hidden)}"]
        else:
            texts = [f"{place} = {value!r}: must be {_described(owner, hint, path, one['type'])}"]
        seen.add(path)
        yield from ((path, text) for text in texts)


def _joined(place: str, fault: str) -> str:
    return f"{place}.{fault}" if place else fault


def _written(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _field_at(kind: type[Any], loc: Path) -> tuple[Path, type[Any], Any]:
    """The path of the field that a fault is in, its class, and its type; None where the class has no such field."""
    path: Path = ()
    owner: type[Any] = kind
    hint: Any = kind
    for part in loc:
        element = _element(hint)
        if isinstance(part, int) and element is not None and _is_props(element):
            path, hint = (*path, part), element
        elif isinstance(part, str) and _is_props(hint):
            owner = hint
            path, hint = (*path, part), hints_of(owner).get(part)
        else:
            break
    return path, owner, hint


def _element(hint: Any) -> Any:
    plain = _plain(hint)
    return get_args(plain)[0] if get_origin(plain) in _LISTS else None


def _is_props(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "__pydantic_fields__")


def hints_of(kind: type[Any]) -> dict[str, Any]:
    """The types of a class's fields, with what they are annotated with."""
    return get_type_hints(kind, include_extras=True)


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _is_foreign(hint: Any) -> bool:
    return any(isinstance(one, Given) for one in getattr(hint, "__metadata__", ()))


def _value_at(given: Any, path: Path) -> Any:
    for part in path:
        try:
            given = getattr(given, str(part)) if _is_props(type(given)) else given[part]
        except (LookupError, TypeError):
            return None
    return given


def _described(owner: type[Any], hint: Any, path: Path, fault: str) -> str:
    if fault == "dataclass_exact_type":
        return str(hint.__name__)
    if fault in ("greater_than_equal", "less_than_equal"):
        limits = {k: v for one in owner.__pydantic_fields__[path[-1]].metadata for k, v in _limit(one)}
        return f"from {limits['ge']} to {limits['le']}"
    plain = _plain(hint)
    if get_origin(plain) in (Union, UnionType):
        plain = get_args(plain)[0]
    if get_origin(plain) is Literal:
        return "one of " + ", ".join(map(str, get_args(plain)))
    if get_origin(plain) in _LISTS:
        return "a list of strings" if get_args(plain)[0] is str else "a list of tables"
    return _NAMES.get(plain, "a table")


def _limit(metadata: Any) -> Iterator[tuple[str, Any]]:
    yield from ((name, getattr(metadata, name)) for name in ("ge", "le") if hasattr(metadata, name))
