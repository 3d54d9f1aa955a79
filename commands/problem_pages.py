"""Cuts docs/reference/errors.md into the pages that `GET /problems/<slug>` answers with; `make reference` runs it."""

import argparse
import json
import re
import sys
from pathlib import Path

from commands.ending import ended
from distributary.http.documents import PROBLEM_PAGES

SOURCE = Path(__file__).parents[1] / "docs" / "reference" / "errors.md"
_LINK = re.compile(r"\[([^\]]+)\]\((\.\.?/[^)\s]+|[\w-]+\.md[^)\s]*)\)")
_TEXT = r"\1"
_SECTION = re.compile(r"^### `([a-z0-9-]+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def pages(text: str) -> dict[str, str]:
    """The text below each heading that is a slug, with the slug as its title.

    A link to another page is its text: a stage answers with no other page.
    """
    return {slug: f"# {slug}\n\n{_LINK.sub(_TEXT, body).strip()}\n" for slug, body in _SECTION.findall(text)}


def written(found: dict[str, str]) -> str:
    """The pages as the file has them."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file beside the code that answers with it. 0: that is done."""
    argparse.ArgumentParser(prog="python -m commands.problem_pages", description=__doc__).parse_args()
    PROBLEM_PAGES.write_text(written(pages(SOURCE.read_text(encoding="utf-8"))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
