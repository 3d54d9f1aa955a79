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
from typing import Annotated, Any, TypeVar, cast, dataclass_transform

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, WrapValidator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from distributary.errors import SettingsError
from distributary_cdk.prop_faults import CONTRADICTIONS, faults_of, hints_of
from distributary_cdk.prop_types import Table

# What a type takes beside its own values: a list of any kind, and a whole number, which stays one.
_TAKEN: Mapping[Any, tuple[Any, ...]] = {
    Sequence[str]: (AfterValidator(tuple),),
    float: (WrapValidator(lambda value, check: (check(value), value)[1]),),
}
T = TypeVar("T")

_CONFIG = ConfigDict(strict=True, extra="forbid", use_attribute_docstrings=True, arbitrary_types_allowed=True)


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
    hints, texts = hints_of(cls), _docstrings(cls)
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
        raise PydanticCustomError(CONTRADICTIONS, "{text}", {"text": "; ".join(found), "faults": found})
