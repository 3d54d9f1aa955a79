"""What makes a class of props: typed keywords, each checked when the object is made, every fault named at once.

A class of props that inherits one of the library's settings has its fields, with their ranges and docstrings.

pydantic checks them, at synthesis only: no function carries it. In Python a wrong value raises SettingsError; of a TOML
file, `distributary_cdk.table` lists each with its place.
"""

import ast
import dataclasses
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    WrapValidator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from distributary.errors import SettingsError

Table = Mapping[str, Any]
Texts = Annotated[Sequence[str], AfterValidator(tuple)]
Tables = Annotated[Sequence[Table], AfterValidator(tuple)]
# What a type takes beside its own values: a list of any kind, and a whole number, which stays one.
_TAKEN: Mapping[Any, tuple[Any, ...]] = {
    Sequence[str]: (AfterValidator(tuple),),
    float: (WrapValidator(lambda value, check: (check(value), value)[1]),),
}
T = TypeVar("T")

_CONFIG = ConfigDict(strict=True, extra="forbid", use_attribute_docstrings=True, arbitrary_types_allowed=True)
Path = tuple[str | int, ...]
_LISTS = (tuple, Sequence)
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
_FAULTS, _GIVEN, _FOREIGN = "faults", "given", "only_in_python"


def _refuse_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("literal_error", "a Boolean is no number")
    return value


WHOLE = BeforeValidator(_refuse_boolean)
"""Goes with a Literal of numbers: for Python, True is 1."""


def within(low: int, high: int, default: int) -> Any:
    """A field for a number from `low` to `high`."""
    return Field(default=default, ge=low, le=high)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
def props(cls: type[T]) -> type[T]:
    """Make the class one of frozen keyword props; its method `faults`, if any, yields what contradicts itself."""
    _adopt_settings(cls)
    if "__post_init__" not in vars(cls):
        cls.__post_init__ = _refuse_contradictions  # type: ignore[attr-defined]
    made = dataclass(cls, frozen=True, kw_only=True, config=_CONFIG)
    check = made.__init__

    def __init__(self: Any, **given: Any) -> None:  # noqa: N807 - the class's own
        if faults := [*_all_faults(made, lambda left: check(self, **left), given)]:
            raise SettingsError(faults)

    made.__init__ = __init__  # type: ignore[method-assign]
    return cast("type[T]", made)


def _all_faults(kind: type[Any], make: Callable[[Table], None], given: Table) -> Iterator[str]:
    """Faults of values first; then, without these, what the others contradict."""
    left = dict(given)
    while True:
        try:
            make(left)
        except ValidationError as error:
            found = [*faults_of(kind, left, error)]
        else:
            return
        yield from (text for _, text in found)
        wrong = {path[0] for path, _ in found if path} & left.keys()
        if not wrong:
            return
        left = {name: value for name, value in left.items() if name not in wrong}


def _adopt_settings(cls: type[Any]) -> None:
    """Declare for pydantic what the class inherits of the library's settings, of which it reads only the types."""
    own = dict(cls.__annotations__)
    inherited = [one for one in _fields_of_settings(cls) if one.name not in own]
    hints, texts = _hints(cls), _docstrings(cls)
    for one in inherited:
        low, high = one.metadata.get("range", (None, None))
        limits = Field(ge=low, le=high, description=texts.get(one.name))
        own[one.name] = Annotated[hints[one.name], limits, *_TAKEN.get(hints[one.name], ())]
        setattr(cls, one.name, one.default)
    cls.__annotations__ = own


def _fields_of_settings(cls: type[Any]) -> list["dataclasses.Field[Any]"]:
    kinds = [kind for kind in cls.__mro__[:0:-1] if dataclasses.is_dataclass(kind)]
    return [*{one.name: one for kind in kinds for one in dataclasses.fields(kind)}.values()]


def _docstrings(cls: type[Any]) -> dict[str, str]:
    """The string that stands under each field of the classes that this one inherits."""
    found: dict[str, str] = {}
    for one in cls.__mro__[-2:0:-1]:
        [body] = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        for field, text in itertools.pairwise(getattr(body, "body", ())):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                found[ast.unparse(field.target)] = inspect.cleandoc(ast.literal_eval(text.value))
    return found


def _refuse_contradictions(self: Any) -> None:
    """Once each field has its type. Raises what pydantic adds the place to."""
    if found := [*getattr(self, "faults", tuple)()]:
        raise PydanticCustomError(_FAULTS, "{text}", {"text": "; ".join(found), "faults": found})


@dataclasses.dataclass(frozen=True)
class Given:
    """Marks a field that takes an object of the app, `kind` in words, with these members: no file can write it down."""

    kind: str
    members: tuple[str, ...]

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        """Anything that has the members, or None; nothing of a file."""
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_plain_validator_function(_refuse_in_file),
            python_schema=core_schema.no_info_plain_validator_function(self._check),
        )

    def _check(self, value: Any) -> Any:
        if value is not None and (missing := [name for name in self.members if not hasattr(value, name)]):
            context = {"kind": self.kind, "missing": ", ".join(missing)}
            raise PydanticCustomError(_GIVEN, "must be {kind}: it has no {missing}", context)
        return value


def _refuse_in_file(_: Any) -> Any:
    raise PydanticCustomError(_FOREIGN, "only in Python")


def known(kind: type[Any]) -> list[str]:
    """The names of the fields that a file may set."""
    hints = _hints(kind)
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
        if one["type"] == _FAULTS:
            found = one["ctx"]["faults"]
            texts = [_joined(place, each) for each in found]
        elif path in seen:
            continue
        elif one["type"] == _GIVEN:
            texts = [f"{place} = {value!r}: {one['msg']}"]
        elif hint is None or one["type"] == _FOREIGN:
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
            path, hint = (*path, part), _hints(owner).get(part)
        else:
            break
    return path, owner, hint


def _element(hint: Any) -> Any:
    plain = _plain(hint)
    return get_args(plain)[0] if get_origin(plain) in _LISTS else None


def _is_props(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "__pydantic_fields__")


def _hints(kind: type[Any]) -> dict[str, Any]:
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
