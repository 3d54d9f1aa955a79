"""CBOR as Jackson writes it, and so the AWS SDK for Java: maps and lists without a length, a break behind them."""

import struct
from typing import Any


def encoded(value: Any) -> bytes:
    """The value in CBOR; bytes are a byte string."""
    if isinstance(value, dict):
        return b"\xbf" + b"".join(encoded(name) + encoded(member) for name, member in value.items()) + b"\xff"
    if isinstance(value, list):
        return b"\x9f" + b"".join(map(encoded, value)) + b"\xff"
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    text = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return _head(3 if isinstance(value, str) else 2, len(text)) + text


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for more, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([kind << 5 | more]) + number.to_bytes(size, "big")
    raise OverflowError(number)
