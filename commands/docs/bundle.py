"""The docs for language models: `llms.txt`, which lists the pages, and all of them as one Markdown file."""

from collections.abc import Mapping
from pathlib import Path

from commands.docs.source import BESIDE, DOCS, ROOT, SECTIONS, decisions, order, places, title

BUNDLE, LIST = "distributary.md", "llms.txt"


def sections() -> dict[str, list[str]]:
    """The pages of the project by section, in the order of the site's menu."""
    pages = order()
    found = {
        name: [page for page in pages if page.startswith(f"{DOCS}/{folder}/")] for folder, name in SECTIONS.items()
    }
    found["How to"].append(f"{DOCS}/operating.md")
    found["Decisions"] = decisions()
    found["Project"] = [page for page in BESIDE if (ROOT / page).exists()]
    return found


def listed() -> str:
    """The list in the form of https://llmstxt.org: a title, a summary, and the pages as Markdown."""
    known, read = places(), _reader()
    lines = [
        "# Distributary",
        "",
        f"> {_summary(read['docs/index.md'])}",
        "",
        f"All pages in one file: [{BUNDLE}]({BUNDLE})",
    ]
    for name, pages in sections().items():
        lines += ["", f"## {name}", "", *(f"- [{title(read[page])}]({known[page]})" for page in pages)]
    return "\n".join([*lines, ""])


def bundled() -> str:
    """Every page, each under its path."""
    read = _reader()
    pages = ["docs/index.md", *(page for pages in sections().values() for page in pages)]
    return "\n".join(f"<!-- {page} -->\n\n{read[page].strip()}\n" for page in pages)


def write(site: Path, source: Path) -> None:
    """Add both files, and each page's Markdown beside its HTML, to a built site."""
    (site / LIST).write_text(listed(), encoding="utf-8")
    (site / BUNDLE).write_text(bundled(), encoding="utf-8")
    for place in places().values():
        (site / place).write_text((source / DOCS / place).read_text(encoding="utf-8"), encoding="utf-8")


def _reader() -> Mapping[str, str]:
    return {page: (ROOT / page).read_text(encoding="utf-8") for page in places()}


def _summary(text: str) -> str:
    """The first paragraph below the title, in one line."""
    return " ".join(text.split("\n\n")[1].split())
