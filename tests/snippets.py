"""The code in the documents, as readers copy it."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs/how-to/clients"
_BLOCK = re.compile(r"^```(?P<language>\w*)(?: (?P<name>[\w-]+))?\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
# A block without a language is a shell's if it begins with a command.
_SHELL = ("sh", "bash", "shell", "console")
_COMMAND = re.compile(r"\$ |make |export |curl |aws |pip |python |TOKEN=")


class Block(NamedTuple):
    """One fenced block of a page; `name` is empty where no test names it."""

    language: str
    name: str
    code: str

    @property
    def runs(self) -> bool:
        """Whether a reader types it into a shell, or runs it by Python."""
        return self.language in (*_SHELL, "python") or (not self.language and bool(_COMMAND.match(self.code)))


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(one["language"], one["name"] or "", one["code"]) for one in _BLOCK.finditer(page.read_text())]


def snippet(page: str, name: str, **instead: str) -> str:
    """The block of that name on a page of docs/how-to/clients, or of `page` from the top of the project.

    The words that readers replace by their own are replaced: `endpoint`, `aws_endpoint`, `key` (as `KEY.SECRET`),
    `pair` (as `KEY:SECRET`) and `device` stand for what each page writes in the same way.
    """
    file = ROOT / page if page.endswith(".md") else PAGES / f"{page}.md"
    code = {one.name: one.code for one in blocks(file)}[name]
    words = {
        "endpoint": "http://localhost:8080",
        "aws_endpoint": "http://localhost:4566",
        "key": "KEY.SECRET",
        "pair": "KEY:SECRET",
        "device": "pump-7",
    }
    for each, value in instead.items():
        code = code.replace(words[each], value)
    return code
