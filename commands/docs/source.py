"""What the generator reads: every page at its place on the site, the pictures, and the pages' order."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from commands.docs.links import linked, moved, outside_code

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs_site"
DOCS = "docs"
# Pages that stand beside what they are about, and their names on the site.
BESIDE: Mapping[str, str] = {
    "README.md": "project/readme.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "CHANGELOG.md": "project/changelog.md",
    "bench/README.md": "project/bench.md",
    "detectors/README.md": "project/detectors.md",
    "examples/detectors/README.md": "project/example-detectors.md",
    "examples/consume/README.md": "project/example-consumers.md",
}
SECTIONS: Mapping[str, str] = {
    "tutorials": "Tutorials",
    "how-to": "How to",
    "reference": "Reference",
    "explanation": "Explanation",
}
CLIENTS = "how-to/clients/"
PICTURES = (".svg", ".png")
API_PAGE = "api/index.html"
SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")
_COMMENT = re.compile(r"^<!-- .* -->\n", re.MULTILINE)
_INFO = re.compile(r"^( *```\w+) .*$", re.MULTILINE)
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_ITEM = re.compile(r"(?:[-*]|\d+\.) ")
_NESTED = re.compile(r"^ {2,3}(?=[-*] )")


def places() -> dict[str, str]:
    """Each Markdown page of the project that the site has: its path, and its path on the site."""
    found = {}
    for page in sorted((ROOT / DOCS).rglob("*.md")):
        path = page.relative_to(ROOT / DOCS)
        found[f"{DOCS}/{path}"] = str(path.with_name("index.md") if path.name == "README.md" else path)
    return found | {page: place for page, place in BESIDE.items() if (ROOT / page).exists()}


def page_text(page: str, known: Mapping[str, str]) -> str:
    """A page as the generator takes it: links as they are on the site, lists apart from the text before them."""

    def target(path: str) -> str | None:
        for name in (path, f"{path}/README.md", f"{path}/index.md"):
            if name in known:
                return known[name]
        if path == f"{DOCS}/adr":
            return "adr/index.md"
        if path.startswith(f"{DOCS}/") and path.endswith(PICTURES):
            return path.removeprefix(f"{DOCS}/")
        return None

    text = _COMMENT.sub("", (ROOT / page).read_text(encoding="utf-8"))
    text = _INFO.sub(r"\1", text)  # what tests call a block, which the generator takes for an option
    text = moved(text, old=PurePosixPath(page), new=PurePosixPath(known[page]), target=target)
    return outside_code(text, _apart)


def _apart(text: str) -> str:
    """Lists as Python's Markdown has them: a blank line before each, four spaces before what is nested."""
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        if _ITEM.match(line):
            if not inside and lines and lines[-1].strip():
                lines.append("")
            inside = True
        elif not line.startswith(" "):
            inside = False
        lines.append(_NESTED.sub("    ", line) if inside else line)
    return "\n".join(lines)


def title(text: str) -> str:
    """A page's first heading. Raises ValueError where it has none."""
    found = _TITLE.search(text)
    if not found:
        raise ValueError("the page has no title: begin it with '# …'")
    return found[1]


def order() -> list[str]:
    """The pages of docs/ in the order in which docs/index.md names them, that page first."""
    known, found = places(), [f"{DOCS}/index.md"]
    for _, link in linked((ROOT / found[0]).read_text(encoding="utf-8")):
        path = f"{DOCS}/{link}"
        if path in known and path not in found:
            found.append(path)
    return found


def decisions() -> list[str]:
    """The pages of decisions, by number."""
    return [page for page in places() if page.startswith(f"{DOCS}/adr/")]


def navigation(texts: Mapping[str, str]) -> list[dict[str, object]]:
    """The site's menu; `texts` are the pages by their path on the site."""
    known = places()
    pages = [known[page] for page in order()]
    menu: list[dict[str, object]] = [{"Every page by question": "index.md"}]
    for folder, name in SECTIONS.items():
        own = [page for page in pages if page.startswith(f"{folder}/")]
        entries = [_entry(texts, page) for page in own if not page.startswith(CLIENTS)]
        if folder == "how-to":
            clients = [page for page in own if page.startswith(CLIENTS)]
            entries = [{"Clients": clients}, *entries, _entry(texts, "operating.md")]
        if folder == "reference":
            entries.insert(1, {"HTTP API: every operation": API_PAGE})
        if folder == "explanation":
            entries.append({"Decisions": ["adr/index.md", *(known[page] for page in decisions())]})
        menu.append({name: entries})
    menu.append({"Project": [_entry(texts, page) for page in BESIDE.values() if page in texts]})
    return menu


def _entry(texts: Mapping[str, str], page: str) -> dict[str, object]:
    """A page in the menu, by its title up to a colon."""
    return {title(texts[page]).partition(":")[0]: page}


def decision_list(texts: Mapping[str, str]) -> str:
    """The page that lists the decisions."""
    known = places()
    rows = [f"- [{title(texts[known[page]])}]({Path(page).name})" for page in decisions()]
    return "\n".join(["# Decisions", "", "Each page is one decision with its reasons.", "", *rows, ""])


def write(folder: Path) -> None:
    """Fill a folder with all that the generator takes."""
    shutil.rmtree(folder, ignore_errors=True)
    known = places()
    texts = {place: page_text(page, known) for page, place in known.items()}
    texts["adr/index.md"] = decision_list(texts)
    for path, text in _files(texts):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    _copy_assets(folder / DOCS)


def _files(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    menu = json.dumps(navigation(texts), ensure_ascii=False)
    yield "zensical.toml", _with_menu((SITE / "zensical.toml").read_text(encoding="utf-8"), menu)
    for path, text in texts.items():
        yield f"{DOCS}/{path}", text


def _with_menu(toml: str, menu: str) -> str:
    """The configuration with `nav`: JSON is TOML here, but for the colons of its objects."""
    entries = re.sub(r'\{("(?:[^"\\]|\\.)*"): ', r"{\1 = ", menu)
    return toml.replace("[project]\n", f"[project]\nnav = {entries}\n", 1)


def _copy_assets(docs: Path) -> None:
    """Pictures, the stylesheet, and the page of the API with its document and Swagger UI."""
    for picture in (ROOT / DOCS).rglob("*"):
        if picture.suffix in PICTURES:
            place = docs / picture.relative_to(ROOT / DOCS)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, place)
    shutil.copy(SITE / "site.css", docs)
    shutil.copytree(SITE / "api", docs / "api", dirs_exist_ok=True)
    shutil.copy(ROOT / "lambdas/distributary/http/openapi.json", docs / "api")
    for name in SWAGGER:
        shutil.copy(SITE / "node_modules/swagger-ui-dist" / name, docs / "api")
