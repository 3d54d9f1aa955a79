"""CBOR as the Kinesis API speaks it, `application/x-amz-cbor-1.1`: loaded for such a request alone.

The Java SDK's default. The members are those of AWS JSON, with blobs as byte strings and times as milliseconds since
1970 under tag 1. What is read is bounded: nesting and items first, then each byte is looked at once.
Source: https://www.rfc-editor.org/rfc/rfc8949; the AWS SDK for Java 2.x (`aws-cbor-protocol`).
"""

import struct
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

_MOST_NESTING = 16  # a request of this API has four levels
_MOST_ITEMS = 10_000  # PutRecords has 500 records of up to seven
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_INDEFINITE = 31
_ONE_BYTE, _EIGHT_BYTES = 24, 27
_EPOCH, _SELF_DESCRIBED = 1, 55_799
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_CONSTANTS = {20: False, 21: True, 22: None, 23: None}
_MILLISECONDS = 1000
_BREAK = object()


class NotCbor(ValueError):
    """Bytes that are no CBOR, or more of it than a request of this API can have; the text says which, and where."""


def read_cbor(data: bytes) -> Any:
    """The one value that the bytes are: maps as dicts, times in seconds since 1970. Raises NotCbor."""
    reader = _Reader(data)
    value = reader.value(_MOST_NESTING)
    if value is _BREAK or reader.place != len(data):
        raise NotCbor(f"more bytes than one value, at byte {reader.place}")
    return value


class _Reader:
    """Reads values from `place` on."""

    def __init__(self, data: bytes) -> None:
        self.place = 0
        self._data = data
        self._items = 0

    def value(self, depth: int) -> Any:
        """The next value, or _BREAK where an indefinite one ends. `depth` is how many levels may still open."""
        self._items += 1
        if self._items > _MOST_ITEMS or not depth:
            raise NotCbor(f"more than {_MOST_ITEMS} items, or nested deeper than {_MOST_NESTING}, at byte {self.place}")
        first = self._take(1)[0]
        kind, more = first >> 5, first & 0x1F
        if kind == _SIMPLE:
            return self._simple(more)
        if more == _INDEFINITE:
            return self._indefinite(kind, depth)
        return self._definite(kind, self._argument(more), depth)

    def _definite(self, kind: int, argument: int, depth: int) -> Any:
        if kind in (_UNSIGNED, _NEGATIVE):
            return argument if kind == _UNSIGNED else -1 - argument
        if kind in (_BYTES, _TEXT):
            return self._string(kind, self._take(argument))
        if kind == _TAG:
            return self._tagged(argument, depth)
        count = argument if kind == _ARRAY else 2 * argument
        if count > len(self._data) - self.place:  # each takes a byte at least
            raise NotCbor(f"it ends too early: {argument} elements are announced at byte {self.place}")
        values = [self._element(depth) for _ in range(count)]
        return values if kind == _ARRAY else self._map(values)

    def _indefinite(self, kind: int, depth: int) -> Any:
        if kind not in (_BYTES, _TEXT, _ARRAY, _MAP):
            raise NotCbor(f"a value of no form that there is, before byte {self.place}")
        values = []
        while (value := self.value(depth - 1)) is not _BREAK:
            values.append(value)
        if kind == _ARRAY:
            return values
        if kind == _MAP:
            return self._map(values)
        if {type(one) for one in values} - {bytes if kind == _BYTES else str}:
            raise NotCbor(f"a value of no form that there is, before byte {self.place}")
        return (b"" if kind == _BYTES else "").join(values)

    def _element(self, depth: int) -> Any:
        value = self.value(depth - 1)
        if value is _BREAK:
            raise NotCbor(f"an end where a value should be, before byte {self.place}")
        return value

    def _map(self, values: list[Any]) -> dict[str, Any]:
        names = values[::2]
        if len(values) % 2 or not all(isinstance(name, str) for name in names):
            raise NotCbor(f"a map whose names are not text, before byte {self.place}")
        return dict(zip(names, values[1::2], strict=True))

    def _tagged(self, tag: int, depth: int) -> Any:
        value = self._element(depth)
        if tag == _SELF_DESCRIBED:
            return value
        if tag == _EPOCH and type(value) in (int, float):
            return value / _MILLISECONDS
        raise NotCbor(f"tag {tag} is not known here, before byte {self.place}")

    def _simple(self, more: int) -> Any:
        if more in _CONSTANTS:
            return _CONSTANTS[more]
        if more in _FLOATS:
            return struct.unpack(_FLOATS[more], self._take(struct.calcsize(_FLOATS[more])))[0]
        if more == _INDEFINITE:
            return _BREAK
        raise NotCbor(f"a simple value that is not known here, before byte {self.place}")

    def _string(self, kind: int, raw: bytes) -> bytes | str:
        try:
            return raw if kind == _BYTES else raw.decode()
        except UnicodeDecodeError:
            raise NotCbor(f"text that is not UTF-8, before byte {self.place}") from None

    def _argument(self, more: int) -> int:
        if more < _ONE_BYTE:
            return more
        if more > _EIGHT_BYTES:
            raise NotCbor(f"a length of no form that there is, before byte {self.place}")
        return int.from_bytes(self._take(1 << (more - _ONE_BYTE)), "big")

    def _take(self, length: int) -> bytes:
        end = self.place + length
        if end > len(self._data):
            raise NotCbor(f"it ends too early: {length} bytes are announced at byte {self.place}")
        taken = self._data[self.place : end]
        self.place = end
        return taken


def write_cbor(value: Any) -> bytes:
    """An answer's members as CBOR: text, whole numbers, floats, Booleans, None, times, lists and maps of them."""
    return b"".join(_written(value))


def _written(value: Any) -> list[bytes]:
    if value is None or isinstance(value, bool):
        return [bytes([0xF6 if value is None else 0xF4 + value])]
    if isinstance(value, Mapping):
        parts = [_head(_MAP, len(value))]
        for name, member in value.items():
            parts += [*_written(name), *_written(member)]
        return parts
    if isinstance(value, list | tuple):
        return [_head(_ARRAY, len(value)), *(part for one in value for part in _written(one))]
    for kind, writer in _WRITERS.items():
        if isinstance(value, kind):
            return writer(value)
    raise TypeError(type(value).__name__)


def _head(kind: int, argument: int) -> bytes:
    if argument < _ONE_BYTE:
        return bytes([kind << 5 | argument])
    size = next(size for size in range(4) if argument < 1 << (8 << size))
    return bytes([kind << 5 | _ONE_BYTE + size]) + argument.to_bytes(1 << size, "big")


def _text(value: str) -> list[bytes]:
    encoded = value.encode("utf-8", "replace")
    return [_head(_TEXT, len(encoded)), encoded]


def _number(value: int) -> list[bytes]:
    return [_head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)]


def _time(value: datetime) -> list[bytes]:
    return [_head(_TAG, _EPOCH), *_number(round(value.timestamp() * _MILLISECONDS))]


_WRITERS: dict[type, Callable[[Any], list[bytes]]] = {
    str: _text,
    int: _number,
    float: lambda value: [b"\xfb", struct.pack(">d", value)],
    datetime: _time,
}
