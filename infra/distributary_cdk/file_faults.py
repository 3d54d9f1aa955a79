"""Faults of `distributary.toml` as its owner needs them: the line, the place in it, and what to do."""

import re
import tomllib
from collections.abc import Collection

# The place of a fault in a list of tables, and of an unknown key of any table.
_IN_LIST = re.compile(r"(?P<list>rules|tests|iot_rules)\[(?P<number>\d+)\](?:\.(?P<key>\w+))?")
_UNKNOWN = re.compile(r"(?P<table>.+)\.(?P<key>\w+): (?:unknown; known are|is not one of)")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
# What tomllib says of what most often is meant otherwise.
_CAUSES = {
    "Illegal character '\\n'": "a quotation mark is missing in this line",
    "Invalid value": 'a text stands in quotes, as in name = "value"',
    "Expected newline or end of document": "a text stands in quotes as a whole; what follows it is too much",
    "Cannot overwrite a value": "the key stands twice in its table",
}


def unreadable(error: tomllib.TOMLDecodeError, text: str) -> str:
    """Why the text is no TOML, with the line and a caret under the place."""
    cause = next((meant for said, meant in _CAUSES.items() if str(error).startswith(said)), "")
    found = _AT.search(str(error))
    what = f"{error}{f': {cause}' if cause else ''}"
    if not found:
        return what
    line, column = int(found[1]), int(found[2])
    lines = text.splitlines()
    return f"{what}\n    {lines[line - 1]}\n    {' ' * (column - 1)}^" if line <= len(lines) else what


def explained(fault: str, settings: Collection[str]) -> str:
    """The fault; of a key that is a setting of the file itself, and stands in a table, where it belongs."""
    found = _UNKNOWN.match(fault)
    if found and found["key"] in settings:
        return f"{fault}. {found['key']} is a setting of the file itself: write it above the first [table]"
    return fault


def located(fault: str, text: str) -> str:
    """The fault with the number of its line, where it is in a list of tables (`[[rules]]`) of the file."""
    found = _IN_LIST.match(fault)
    if not found:
        return fault
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if line.strip() == f"[[{found['list']}]]"]
    if int(found["number"]) >= len(heads):
        return fault
    place = heads[int(found["number"])]
    for number in range(place + 1, len(lines)):
        if lines[number].lstrip().startswith("["):
            break
        if found["key"] and re.match(rf"\s*{found['key']}\s*=", lines[number]):
            place = number
            break
    return f"line {place + 1}: {fault}"
