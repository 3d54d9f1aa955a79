"""Settings travel from the stack to its functions as environment variables, in parts that each have an owner.

A part is a frozen dataclass beside the code that uses it; a function reads the parts that it needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

from distributary.errors import SettingsError

VARIABLE_PREFIX = "DISTRIBUTARY_"

Number = TypeVar("Number", int, float)


def within(low: Number, high: Number, default: Number) -> Number:
    """A field of a part that takes numbers from `low` to `high`; typed as its default, as `dataclasses.field` is."""
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A part of the settings: strings, numbers, Booleans and lists of strings; `prefix` begins its variables' names.

    Raises SettingsError with every value that is out of its range.
    """

    prefix: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Refuse values outside their range, all of them at once."""
        faults = [*self.faults()]
        if faults:
            raise SettingsError(faults)

    def faults(self) -> Iterator[str]:
        """What is wrong with the values, a line for each, which begins with the field's name."""
        hints = get_type_hints(type(self))
        for one in fields(self):
            yield from _fault(one, hints[one.name], getattr(self, one.name))

    def to_env(self) -> dict[str, str]:
        """The environment variables that `from_env` reads back."""
        return {self._variable(one.name): _written(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """The part that `to_env` wrote. Raises SettingsError naming each variable that is missing or unreadable."""
        faults: list[str] = []
        values: dict[str, Any] = {}
        hints = get_type_hints(cls)
        for one in fields(cls):
            text = environment.get(cls._variable(one.name))
            if text is None:
                if one.default is MISSING:
                    faults.append(f"{cls._variable(one.name)} is not set")
                continue
            try:
                values[one.name] = _read(hints[one.name], text)
            except ValueError:
                faults.append(f"{cls._variable(one.name)} = {text!r} is not a {hints[one.name].__name__}")
        if faults:
            raise SettingsError(faults)
        return cls(**values)

    @classmethod
    def _variable(cls, name: str) -> str:
        return f"{VARIABLE_PREFIX}{cls.prefix}{name.upper()}"


@dataclass(frozen=True, kw_only=True)
class LogSettings(Settings):
    """How much a function logs."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least level that functions log."""
    log_sample: float = within(0.0, 1.0, 1.0)
    """The fraction of fully successful requests to log; requests with any problem are always logged."""


@dataclass(frozen=True, kw_only=True)
class StageSettings(LogSettings):
    """What every function knows of its stage."""

    stage: str
    """The dimension of the stage's metrics."""

    def faults(self) -> Iterator[str]:
        """As above, and a stage without a name."""
        yield from super().faults()
        if not self.stage:
            yield "stage is empty"


def _fault(one: "Field[Any]", hint: Any, value: Any) -> Iterator[str]:
    low, high = one.metadata.get("range", (None, None))
    if low is not None and not low <= value <= high:
        yield f"{one.name} = {value!r}: must be from {low} to {high}"
    if get_origin(hint) is Literal and value not in get_args(hint):
        yield f"{one.name} = {value!r}: must be one of {', '.join(get_args(hint))}"


def _written(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(kind: Any, text: str) -> object:
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    if get_origin(kind) is Sequence:
        return tuple(text.split(",")) if text else ()
    return kind(text) if kind in (int, float) else text
