"""What the documents name is there: pages, headings, files and folders."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_TOP = (
    "lambdas",
    "infra",
    "local",
    "commands",
    "clients",
    "tests",
    "docs",
    "detectors",
    "examples",
    "bench",
    "distributary_testing",
)
# A file or a folder; without an end it may be the name of something else, as mutants have it.
_PATH = re.compile(rf"({'|'.join(_TOP)})/[\w./-]*(/|\.\w+)")


def pages() -> list[Path]:
    """Every document that git knows, the changes of past versions apart."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in listed.splitlines() if line != "CHANGELOG.md"]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each page that is linked exists and has the heading."""
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        path = (page.parent / target) if target else page
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_named_files_exist(page: Path) -> None:
    """A path in code marks, from the top of the project; one with a wildcard or a name to fill in is no path."""
    named = [text for text in _CODE.findall(_FENCE.sub("", page.read_text())) if _PATH.fullmatch(text)]

    assert [text for text in named if not (ROOT / text).exists()] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_text_wraps_at_100(page: Path) -> None:
    """Code, tables, headings and single links apart, and what a test writes from its findings."""
    text = _FENCE.sub("", page.read_text())
    long = [
        line
        for line in text.splitlines()
        if len(line) > 100 and not line.startswith(("|", "#")) and " " in line.strip()
    ]

    assert [line for line in long if page.name not in ("mutants.md", "page.md")] == []
