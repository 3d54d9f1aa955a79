"""What a built site must not have: links that lead nowhere, and anything that a browser would fetch from elsewhere."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_CSS_URL = re.compile(r"url\(\s*[\"']?(?:https?:)?//|@import\s+[\"'](?:https?:)?//")
# Networks that scripts and fonts come from: none may be named in what the site serves.
_NETWORKS = re.compile(
    r"https?://(?:[\w-]+\.)*(?:unpkg\.com|jsdelivr\.net|cdnjs\.[\w.]+|googleapis\.com|gstatic\.com|esm\.sh|skypack\.dev|scalar\.com)"
)
_FETCHED = {
    "script": "src",
    "img": "src",
    "source": "src",
    "iframe": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "image": "href",
    "use": "href",
}
_FETCHED_LINKS = frozenset({"stylesheet", "preload", "preconnect", "modulepreload", "icon", "dns-prefetch", "manifest"})


class Page(HTMLParser):
    """The links of a page, what it fetches, and the places in it that a link may name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element names."""
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and _FETCHED_LINKS & {*given.get("rel", "").split()}:
            self.fetched.append(given.get("href", ""))
        if tag in _FETCHED and given.get(_FETCHED[tag]):
            self.fetched.append(given[_FETCHED[tag]])


def faults(site: Path) -> list[str]:
    """One line for each fault, with its file; the site is an absolute path."""
    pages = {file: Page(file.read_text(encoding="utf-8")) for file in sorted(site.rglob("*.html"))}
    found = [
        f"{file.relative_to(site)}: {fault}" for file, page in pages.items() for fault in _page(site, file, page, pages)
    ]
    return [*found, *_elsewhere(site)]


def _page(site: Path, file: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for link in page.links:
        if fault := _dead(site, file, link, pages):
            yield fault
    for link in page.fetched:
        parts = urlsplit(link)
        if parts.netloc:
            yield f"fetches {link} from elsewhere"
        elif parts.scheme != "data" and not _target(site, file, parts.path).exists():
            yield f"fetches {link}, which is not there"


def _dead(site: Path, file: Path, link: str, pages: dict[Path, Page]) -> str | None:
    """What is wrong with a link to this site; None for a good one and for those to other sites."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = _target(site, file, parts.path)
    if not target.exists():
        return f"links to {link}, which is not there"
    anchor = unquote(parts.fragment)
    # "#" and "#__tabbed" are the theme's own
    if anchor and target in pages and anchor not in pages[target].ids:
        return f"links to {link}, but the page has no such place"
    return None


def _target(site: Path, file: Path, path: str) -> Path:
    """The file that a path leads to; one that begins with a slash, as in 404.html, is from the top of the site."""
    above = site if path.startswith("/") else file.parent
    target = (above / unquote(path.lstrip("/"))).resolve() if path else file
    return target / "index.html" if target.is_dir() else target


def _elsewhere(site: Path) -> Iterator[str]:
    """Styles and scripts that name a network which serves other people's files."""
    for file in sorted(site.rglob("*")):
        if file.suffix not in {".css", ".js", ".html", ".svg"}:
            continue
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".css" and _CSS_URL.search(text):
            yield f"{file.relative_to(site)}: fetches from elsewhere"
        for network in sorted({*_NETWORKS.findall(text)}):
            yield f"{file.relative_to(site)}: names {network}"
