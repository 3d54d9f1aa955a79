"""Made from the props: the JSON schema of `distributary.toml` for editors, and the configuration reference.

`python -m distributary_cdk.reference` writes both.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

from pydantic import TypeAdapter

from distributary_cdk.configuration import Configuration

SCHEMA, PAGE = Path("distributary.schema.json"), Path("docs/reference/configuration.md")

_HEAD = """\
# Configuration

Every setting of `distributary.toml`, with its default. In Python each is a prop of the same name:
[embed the construct](../how-to/embed-the-construct.md). A table `[kinesis]` is
`kinesis=KinesisProps(…)`. This page is generated from the props (`make reference`).

`[stages.<name>]` holds the same settings for one stage, over those of the file.
"""


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of the file: the settings, and under `stages` the same for each stage."""
    found = TypeAdapter(Configuration).json_schema(ref_template="#/$defs/{model}")
    kinds = {name: _plain(kind) for name, kind in found.pop("$defs").items()}
    kinds["Settings"] = _plain({**found, "title": "Settings"})
    stages = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Settings"}}
    own = kinds["Settings"]["properties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "distributary.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {**own, "stages": {**stages, "description": "What a stage has otherwise, by its name."}},
        "$defs": kinds,
    }


def page() -> str:
    """The configuration reference in Markdown: a section for each table of the file."""
    found = schema()
    return "\n".join([_HEAD, *_sections(found["$defs"], found["$defs"]["Settings"], "")])


def _plain(kind: dict[str, Any]) -> dict[str, Any]:
    """Without pydantic's own titles, which repeat the names, and the defaults of whole tables."""
    properties = {
        name: {key: value for key, value in one.items() if key != "title" and not (key == "default" and "$ref" in one)}
        for name, one in kind["properties"].items()
    }
    return {**kind, "properties": properties}


def _sections(kinds: dict[str, Any], kind: dict[str, Any], path: str) -> Iterator[str]:
    tables = {name: _kind_of(one, kinds) for name, one in kind["properties"].items()}
    yield f"## {f'`[{path}]`' if path else 'Top level'}\n"
    if path and "description" in kind:
        yield f"{fill(_line(kind['description']), 100, break_on_hyphens=False, break_long_words=False)}\n"
    yield "| setting | takes | default | |\n|---|---|---|---|"
    for name, one in kind["properties"].items():
        if tables[name] is None:
            yield f"| `{name}` | {_takes(one)} | {_written(one.get('default'))} | {_line(one.get('description', ''))} |"
    yield ""
    for name, table in tables.items():
        if table is not None:
            yield from _sections(kinds, table, f"{path}.{name}".removeprefix("."))


def _kind_of(one: dict[str, Any], kinds: dict[str, Any]) -> dict[str, Any] | None:
    """The table that a setting is; of a list of tables, that of a row."""
    reference = one.get("$ref") or one.get("items", {}).get("$ref")
    return kinds[reference.rpartition("/")[2]] if reference else None


def _takes(one: dict[str, Any]) -> str:
    if "enum" in one:
        return ", ".join(_written(value) for value in one["enum"])
    if one["type"] == "array":
        return f"list of {_KINDS[one['items']['type']]}s"
    if "minimum" in one:
        return f"{_plainly(one['minimum'])} to {_plainly(one['maximum'])}"
    return _KINDS[one["type"]]


def _plainly(limit: float) -> str:
    return str(int(limit)) if limit == int(limit) else str(limit)


_KINDS = {
    "string": "string",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "table",
}


def _written(value: object) -> str:
    return "" if value is None else f"`{json.dumps(value)}`"


def _line(text: str) -> str:
    """One line, as a table's cell has it."""
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write both files, beside the checkout's `distributary.toml`. 0: that is done."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    SCHEMA.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
