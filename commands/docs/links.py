"""Links of a Markdown page, moved with the page."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

_FENCE = re.compile(r"^( *)(```+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#")

Target = Callable[[str], str | None]


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with `change` made to everything between its fenced blocks."""
    return "".join(part if fenced else change(part) for part, fenced in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    place = 0
    for fence in _FENCE.finditer(text):
        yield text[place : fence.start()], False
        yield fence[0], True
        place = fence.end()
    yield text[place:], False


def moved(text: str, *, old: PurePosixPath, new: PurePosixPath, target: Target) -> str:
    """The page `old` with its links as they are at `new`; `target` gives a linked file's new path, from the top.

    A link to what has no new path becomes its text.
    """

    def one(found: re.Match[str]) -> str:
        picture, words, link = found.groups()
        if _ELSEWHERE.match(link):
            return found[0]
        path, mark, anchor = link.partition("#")
        goal = target(os.path.normpath(old.parent / path))
        if goal is None:
            return words
        return f"{picture}[{words}]({os.path.relpath(goal, new.parent)}{mark}{anchor})"

    return outside_code(text, lambda part: _LINK.sub(one, part))


def linked(text: str) -> Iterator[tuple[str, str]]:
    """Words and target of each link to another page, in the page's order."""
    for _, words, link in _LINK.findall(text):
        if not _ELSEWHERE.match(link):
            yield words, link.partition("#")[0]
