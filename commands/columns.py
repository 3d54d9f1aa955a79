"""Lines of cells as text, cell under cell, for what commands print."""

from collections.abc import Container, Sequence


def columns(lines: Sequence[Sequence[str]], right: Container[int] = ()) -> list[str]:
    """Each line as text; `right` are the columns whose cells end below each other."""
    widths = _widths(lines)
    return ["  ".join(_aligned(line, widths, right)).rstrip() for line in lines]


def ruled(lines: Sequence[Sequence[str]], right: Container[int] = ()) -> str:
    """All of it, with a rule under the first line, which is the heading."""
    head, *others = columns(lines, right)
    rule = "  ".join("-" * width for width in _widths(lines)).rstrip()
    return "\n".join([head, rule, *others])


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def _aligned(line: Sequence[str], widths: Sequence[int], right: Container[int]) -> list[str]:
    return [
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
