"""The types of props: what each takes in Python and in a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Table = Mapping[str, Any]
Texts = Annotated[Sequence[str], AfterValidator(tuple)]
Tables = Annotated[Sequence[Table], AfterValidator(tuple)]

GIVEN, FOREIGN = "given", "only_in_python"
"""pydantic's types of the errors that `Given` raises."""


def _refuse_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("literal_error", "a Boolean is no number")
    return value


WHOLE = BeforeValidator(_refuse_boolean)
"""Goes with a Literal of numbers: for Python, True is 1."""


def within(low: int, high: int, default: int) -> Any:
    """A field for a number from `low` to `high`."""
    return Field(default=default, ge=low, le=high)


@dataclass(frozen=True)
class Given:
    """Marks a field that takes an object of the app, `kind` in words, with these members: no file can write it down."""

    kind: str
    members: tuple[str, ...]
    several: bool = False
    """Whether a list of such objects is taken too."""

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        """Anything that has the members, or None; nothing of a file."""
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_plain_validator_function(_refuse_in_file),
            python_schema=core_schema.no_info_plain_validator_function(self._check),
        )

    def _check(self, value: Any) -> Any:
        if self.several and isinstance(value, (list, tuple)):
            return tuple(map(self._check, value))
        if value is not None and (missing := [name for name in self.members if not hasattr(value, name)]):
            context = {"kind": self.kind, "missing": ", ".join(missing)}
            raise PydanticCustomError(GIVEN, "must be {kind}: it has no {missing}", context)
        return value


def _refuse_in_file(_: Any) -> Any:
    raise PydanticCustomError(FOREIGN, "only in Python")
