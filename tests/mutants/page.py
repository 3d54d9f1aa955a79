"""docs/explanation/mutants.md, made of what was recorded: a row for each module, a reason for each survivor."""

import json
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from textwrap import fill
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/mutants.md"
RESULTS = Path(__file__).parent / "results.json"
CONTEXT = 24
"""Characters of a line that the page shows on either side of what differs."""


@dataclass(frozen=True)
class Survivors:
    """The rows of survivors.toml: which mutants may survive, and why."""

    rows: Sequence[Mapping[str, Any]]

    @classmethod
    def read(cls) -> "Survivors":
        """Those of the file."""
        return cls(tomllib.loads((Path(__file__).parent / "survivors.toml").read_text()).get("survivor", []))

    def why(self, module: str, mutant: Mapping[str, str]) -> str | None:
        """The reason of the first row that names this mutant: its module, its function, a part of its new lines.

        An empty part is a mutant that has none: it only leaves lines out.
        """
        for row in self.rows:
            functions, parts = row.get("functions"), row["is"]
            if row["module"] != module or (functions and mutant["function"] not in functions):
                continue
            if any(part in mutant["is"] if part else not mutant["is"] for part in parts):
                return str(row["reason"])
        return None


def page(results: Mapping[str, Mapping[str, Any]], survivors: Survivors, modules: Collection[str]) -> str:
    """The page's text; a module without a result has a row that says so."""
    lines = [(Path(__file__).parent / "page.md").read_text()]
    lines.append("| module | mutants | run | killed | endless | survivors | on |\n|---|---|---|---|---|---|---|")
    for name in sorted(modules):
        result = results.get(name)
        counts = f"{' | '.join(map(str, _counts(result)))} | {result['date']}" if result else "not yet | | | | |"
        lines.append(f"| `{name}` | {counts} |")
    sums = map(sum, zip(*map(_counts, results.values()), strict=True))
    lines.append(f"| all | {' | '.join(map(str, sums))} | |")
    lines.append("\n## Survivors")
    for name, result in sorted(results.items()):
        lines += _section(name, result["survivors"], survivors)
    return "\n".join(lines) + "\n"


def _counts(result: Mapping[str, Any]) -> list[int]:
    return [*(result[name] for name in ("mutants", "run", "killed", "endless")), len(result["survivors"])]


def _section(name: str, mutants: Sequence[Mapping[str, str]], survivors: Survivors) -> Iterator[str]:
    by_reason = defaultdict(list)
    for mutant in mutants:
        by_reason[survivors.why(name, mutant) or "**No reason yet.**"].append(mutant)
    if by_reason:
        yield f"\n### `{name}`\n"
    for reason, alike in by_reason.items():
        yield fill(f"- {reason}", width=100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        yield from sorted({f"  - `{mutant['function']}`: {change(mutant['was'], mutant['is'])}" for mutant in alike})


def change(was: str, now: str) -> str:
    """What differs between two lines, with a little of what stands around it: `` `a == b` → `a != b` ``."""
    if not now:
        return f"`` {was} `` left out"
    start = _alike(was, now)
    end = _alike(was[start:][::-1], now[start:][::-1])
    begin = max(0, start - CONTEXT)
    return " → ".join(
        f"`` {'…' * (begin > 0)}{text[begin : len(text) - max(0, end - CONTEXT)]}{'…' * (end > CONTEXT)} ``"
        for text in (was, now)
    )


def _alike(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def recorded() -> dict[str, Any]:
    """What results.json has."""
    return dict(json.loads(RESULTS.read_text()))


def rows() -> dict[str, Any]:
    """What modules.toml has, by the module's name."""
    return tomllib.loads((Path(__file__).parent / "modules.toml").read_text())
