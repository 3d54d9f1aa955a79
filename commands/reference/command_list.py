"""Every command: the targets of the Makefile, and what each module prints for `--help`."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from commands.reference.blocks import code, table

ROOT = Path(__file__).parents[2]
MODULES = (
    "commands.up",
    "commands.demo",
    "commands.keys",
    "commands.status",
    "commands.cost",
    "commands.replay",
    "commands.rollback",
    "commands.route",
    "commands.smoke",
    "distributary.iot_events.cli",
    "commands.docs",
    "commands.release",
    "commands.set_up",
    "commands.functions_python",
    "commands.problem_pages",
    "commands.reference",
)
"""In the order in which one meets them. `--help` of none starts anything."""
_KEYS = ("create", "replace", "grant", "deny", "list", "revoke", "rotate")
PARTS: Mapping[str, tuple[str, ...]] = {
    "commands.keys": _KEYS,
    "distributary.iot_events.cli": ("check", "replay"),
}
"""Commands of a command, each with a help of its own."""

_HEADING = re.compile(r"^##@ (.*)$")
_TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$")


def blocks() -> Mapping[str, str]:
    """Both blocks: the targets, and the helps."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    return {"targets": "\n".join(_targets(lines)), "helps": "\n\n".join(_helps())}


def _targets(lines: list[str]) -> Iterator[str]:
    """A table for each heading of the Makefile."""
    rows: list[tuple[str, str]] = []
    for line in [*lines, "##@ "]:
        if heading := _HEADING.match(line):
            if rows:
                yield table(("command", "does"), rows)
            if heading[1]:
                yield f"{'' if not rows else chr(10)}### {heading[1].capitalize()}\n"
            rows = []
        elif target := _TARGET.match(line):
            rows.append((code(f"make {target[1]}"), _sentence(target[2])))


def _sentence(text: str) -> str:
    """Without angle brackets, which Markdown takes for HTML."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _helps() -> Iterator[str]:
    """A section for each module."""
    wanted = [(module, part) for module in MODULES for part in ("", *PARTS.get(module, ()))]
    with ThreadPoolExecutor(2) as pool:
        printed = pool.map(lambda one: help_of(*one), wanted)
    for (module, part), text in zip(wanted, printed, strict=True):
        name = " ".join(filter(None, (f"python -m {module}", part)))
        yield f"{'####' if part else '###'} `{name}`\n\n```text\n{text.strip()}\n```"


def help_of(module: str, part: str = "") -> str:
    """What a command prints for `--help`, 80 columns wide. Raises CalledProcessError."""
    environment = {**os.environ, "COLUMNS": "80", "PYTHONPATH": os.pathsep.join(sys.path), "NO_COLOR": "1"}
    command = [sys.executable, "-m", module, *filter(None, [part]), "--help"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    return done.stdout
