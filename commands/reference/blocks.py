"""The generated blocks of a page: each stands between two comments, and the text around them is written by hand."""

import re
from collections.abc import Iterable, Mapping, Sequence

_BLOCK = re.compile(r"(<!-- reference: ([\w-]+), by make reference -->\n).*?(<!-- end -->)", re.DOTALL)


def names(text: str) -> list[str]:
    """The blocks that a page has, in its order."""
    return [name for _, name, _ in _BLOCK.findall(text)]


def filled(text: str, blocks: Mapping[str, str]) -> str:
    """The page with each block's text. Raises KeyError for a block that nobody writes."""
    return _BLOCK.sub(lambda found: f"{found[1]}{blocks[found[2]]}\n{found[3]}", text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [_line(head), f"|{'|'.join(['---'] * len(head))}|", *map(_line, rows)]
    return "\n".join(lines)


def code(text: str) -> str:
    """The text in code marks; nothing of nothing."""
    return f"`{text}`" if text else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
