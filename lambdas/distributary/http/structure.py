"""The members of an object that an AWS API takes, read with AWS's checks and AWS's words for what is wrong.

The object comes as JSON, where a blob is base64, or as CBOR, where it is bytes (then `binary` is true).

A wrong JSON type is an error at once (`SerializationException`); a value outside its constraints is noted, so that
`check` can name all of them together (`ValidationException`), as AWS does. Unknown members are ignored, null is none.
"""

import binascii
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from distributary.errors import BadRequest

_SHOWN_FAULTS = 10
_SHOWN_LENGTH = 128
_END_OF_TIME = 253_402_300_800  # the first second of the year 10000
_COMPARED_LENGTH = 4096
"""Of a text, in characters: no pattern of AWS's that we have holds for a longer one."""


def serialization_error(detail: str) -> BadRequest:
    """The error for a body that is not the JSON the API takes."""
    return BadRequest("SerializationException", detail)


def read_structure(body: bytes | str) -> "Structure":
    """The object that a body is. Raises BadRequest `SerializationException`."""
    try:
        text = body if isinstance(body, str) else body.decode()
        value = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise serialization_error("the body is not UTF-8") from error
    except RecursionError as error:
        raise serialization_error("the body is nested too deeply") from error
    except ValueError as error:  # malformed, or an integer of more digits than CPython converts
        raise serialization_error("the body is not JSON") from error
    if not isinstance(value, dict):
        raise serialization_error("Expected a structure")
    return Structure(value)


class Structure:
    """One object: each reader gives a member's value, None where it is missing."""

    def __init__(
        self, members: dict[str, Any], path: str = "", faults: list[str] | None = None, *, binary: bool = False
    ) -> None:
        self._members = members
        self._binary = binary
        self._path = path
        self._faults: list[str] = [] if faults is None else faults

    def check(self) -> None:
        """Raises BadRequest `ValidationException` that names what the readers have noted, the first ten of it."""
        if self._faults:
            count = len(self._faults)
            listed = "; ".join(self._faults[:_SHOWN_FAULTS])
            raise BadRequest("ValidationException", f"{count} validation error{'s' * (count > 1)} detected: {listed}")

    def apart(self) -> "Structure":
        """The same members with faults of their own: what is wrong with one of a list's then says nothing of others."""
        return Structure(self._members, self._path)

    def text(
        self, name: str, *, longest: int | None = None, pattern: re.Pattern[str] | None = None, required: bool = False
    ) -> str | None:
        """A string of 1 to `longest` characters that matches the whole pattern."""
        value: str | None = self._typed(name, str, "String", required=required)
        if value is None:
            return None
        if not value.isascii():
            self._refuse_lone_surrogates(name, value)
        shown = f" '{value}'" if len(value) <= _SHOWN_LENGTH else ""
        if not value:
            self._note(name, "Member must have length greater than or equal to 1", shown)
        elif longest is not None and len(value) > longest:
            self._note(name, f"Member must have length less than or equal to {longest}", shown)
        if pattern and not self._matches(pattern, value, longest):
            self._note(name, f"Member must satisfy regular expression pattern: {pattern.pattern}", shown)
        return value

    def blob(self, name: str, *, longest: int | None = None, required: bool = False) -> bytes | None:
        """The bytes of a blob; in JSON as base64 with the standard alphabet, padded, without blanks."""
        given = self._typed(name, bytes if self._binary else str, "Blob", required=required)
        if given is None:
            return None
        value: bytes = given if self._binary else self._from_base64(name, given)
        if longest is not None and len(value) > longest:
            self._note(name, f"Member must have length less than or equal to {longest}")
        return value

    def number(self, name: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`."""
        value: int | None = self._typed(name, int, "Integer")
        if value is not None and value < low:
            self._note(name, f"Member must have value greater than or equal to {low}", f" '{value}'")
        elif value is not None and value > high:
            self._note(name, f"Member must have value less than or equal to {high}")
        return value

    def time(self, name: str) -> float | None:
        """A time, in seconds since 1970, of this era."""
        value = self._members.get(name)
        if value is None:
            return None
        if type(value) not in (int, float):
            _refuse_type(value, "Timestamp")
        if not 0 <= value < _END_OF_TIME:
            raise serialization_error(f"{self._place(name)} is no time in seconds since 1970")
        return float(value)

    def choice(self, name: str, choices: Sequence[str], *, required: bool = False) -> str | None:
        """One of the given strings."""
        value: str | None = self._typed(name, str, "String", required=required)
        if value is not None and value not in choices:
            self._note(name, f"Member must satisfy enum value set: [{', '.join(choices)}]")
        return value

    def flag(self, name: str) -> bool:
        """A Boolean; a missing one is false."""
        return bool(self._typed(name, bool, "Boolean"))

    def structure(self, name: str, *, required: bool = False) -> "Structure | None":
        """A structure whose faults are noted with this one's."""
        value = self._typed(name, dict, "Structure", required=required)
        return None if value is None else self._inside(value, f"{self._place(name)}.")

    def structures(self, name: str, *, shortest: int = 1, longest: int | None = None) -> Sequence["Structure"]:
        """A list of `shortest` to `longest` structures, which must not be missing; of more, the first so many."""
        values: list[Any] | None = self._typed(name, list, "List", required=True)
        if values is None:
            return ()
        if len(values) < shortest:
            self._note(name, f"Member must have length greater than or equal to {shortest}")
        elif longest is not None and len(values) > longest:
            self._note(name, f"Member must have length less than or equal to {longest}")
        place = self._place(name)
        for value in values:
            if not isinstance(value, dict):
                _refuse_type(value, "Structure")
        return [
            self._inside(value, f"{place}.{number}.member.") for number, value in enumerate(values[:longest], start=1)
        ]

    def _from_base64(self, name: str, text: str) -> bytes:
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except ValueError as error:
            raise serialization_error(
                f"{self._place(name)} can not be converted to a Blob: it is not base64"
            ) from error

    def _inside(self, value: dict[str, Any], path: str) -> "Structure":
        return Structure(value, path, self._faults, binary=self._binary)

    def _typed(self, name: str, kind: type, called: str, *, required: bool = False) -> Any:
        value = self._members.get(name)
        if value is None:
            if required:
                self._note(name, "Member must not be null")
            return None
        if type(value) is not kind:
            _refuse_type(value, called)
        return value

    @staticmethod
    def _matches(pattern: re.Pattern[str], value: str, longest: int | None) -> bool:
        """Whether the pattern holds; a text far beyond its length is not compared, since patterns may look back."""
        if len(value) > _COMPARED_LENGTH:
            return longest is not None  # which is noted already
        return pattern.fullmatch(value) is not None

    def _refuse_lone_surrogates(self, name: str, value: str) -> None:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise serialization_error(f"{self._place(name)} is not Unicode: it has half a surrogate pair") from error

    def _place(self, name: str) -> str:
        return f"{self._path}{name[0].lower()}{name[1:]}"

    def _note(self, name: str, rule: str, shown: str = "") -> None:
        self._faults.append(f"Value{shown} at '{self._place(name)}' failed to satisfy constraint: {rule}")


_NAMES: dict[type, Callable[[Any], str]] = {
    bool: lambda value: f"{str(value).upper()}_VALUE",
    str: lambda _: "STRING_VALUE",
    bytes: lambda _: "BINARY_VALUE",
    int: lambda _: "NUMBER_VALUE",
    float: lambda _: "NUMBER_VALUE",
}


def _refuse_type(value: object, called: str) -> NoReturn:
    if value is None:
        raise serialization_error("null found where not expected")
    if isinstance(value, list):
        raise serialization_error("Start of list found where not expected")
    if isinstance(value, dict):
        raise serialization_error("Start of structure or map found where not expected.")
    if called == "List":
        raise serialization_error("Expected list or null")
    if called == "Structure":
        raise serialization_error("Expected null")
    article = "an" if called == "Integer" else "a"
    raise serialization_error(f"{_NAMES[type(value)](value)} can not be converted to {article} {called}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
