"""Short forms in JSON cases, written out: what would be too long to stand in a file."""

import base64
import json
from collections.abc import Mapping
from typing import Any


def written_out(value: Any) -> Any:
    """The value that a case means.

    `{"$text": [piece, times]}` and `{"$list": [element, times]}` repeat; `{"$base64": n}` is base64 of n bytes, which
    end with the text of "end" where there is one.
    """
    match value:
        case {"$text": [piece, times]}:
            return piece * times
        case {"$list": [element, times]}:
            return [written_out(element)] * times
        case {"$base64": length, **more}:
            end = str(more.get("end", "")).encode()
            return base64.b64encode(bytes(length - len(end)) + end).decode()
        case dict():
            return {name: written_out(member) for name, member in value.items()}
        case list():
            return [written_out(element) for element in value]
        case _:
            return value


def body_of(case: Mapping[str, Any]) -> str | bytes:
    """The request body of a case: `body` as JSON, `body_text` as it is, or the bytes of `body_hex`."""
    if "body_hex" in case:
        return bytes.fromhex(case["body_hex"])
    if "body_text" in case:
        return str(written_out(case["body_text"]))
    return json.dumps(written_out(case.get("body")))
