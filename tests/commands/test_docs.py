"""The docs site: pages at their places, and a judge that finds faults. `make docs` builds it."""

from pathlib import Path, PurePosixPath

import pytest

from commands.docs import bundle, checks, links, source

ROOT = Path(__file__).parents[2]
GOOD = """<html><head><link rel="stylesheet" href="site.css"><script src="page.js"></script></head>
<body><h1 id="top">A</h1><a href="other.html#there">b</a><a href="#top">c</a><a href="https://example.com">d</a></body></html>
"""


@pytest.fixture
def site(tmp_path):
    """A site of two pages without a fault."""
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "other.html").write_text('<html><body><p id="there"><a href="/index.html">back</a></p></body></html>')
    (tmp_path / "site.css").write_text("p { background: url(data:image/png;base64,AAAA) }")
    (tmp_path / "page.js").write_text("fetch('openapi.json')")
    return tmp_path


def test_a_good_site_has_no_fault(site) -> None:
    """Links to other sites are the reader's business."""
    assert checks.faults(site) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("index.html", "other.html#there", "gone.html", "index.html: links to gone.html, which is not there"),
        ("index.html", "#there", "#nowhere", "index.html: links to other.html#nowhere, but the page has no such place"),
        ("other.html", "/index.html", "/gone.html", "other.html: links to /gone.html, which is not there"),
        ("index.html", "page.js", "gone.js", "index.html: fetches gone.js, which is not there"),
        (
            "index.html",
            "page.js",
            "https://cdn.example.com/a.js",
            "index.html: fetches https://cdn.example.com/a.js from elsewhere",
        ),
        ("index.html", "site.css", "//example.com/a.css", "index.html: fetches //example.com/a.css from elsewhere"),
        (
            "index.html",
            "<body>",
            '<body><img src="https://example.com/a.png">',
            "index.html: fetches https://example.com/a.png from elsewhere",
        ),
        ("site.css", "url(data:", "url(https://example.com/", "site.css: fetches from elsewhere"),
        ("site.css", "p {", '@import "//example.com/a.css"; p {', "site.css: fetches from elsewhere"),
        ("page.js", "openapi.json", "https://unpkg.com/x", "page.js: names https://unpkg.com"),
        ("page.js", "openapi.json", "https://fonts.gstatic.com/x", "page.js: names https://fonts.gstatic.com"),
    ],
)
def test_a_planted_fault_is_found(site, file, old, new, fault) -> None:
    """With its file, and no other beside it."""
    text = (site / file).read_text()
    assert old in text
    (site / file).write_text(text.replace(old, new))

    assert checks.faults(site) == [fault]


def test_every_page_is_in_the_index() -> None:
    """docs/index.md is the site's menu. Decisions list themselves."""
    pages = {page for page in source.places() if page.startswith("docs/")}

    assert pages - {*source.order(), *source.decisions()} == set()


def test_every_page_is_in_the_lists_for_models() -> None:
    """In llms.txt by its place, in the bundle with its text."""
    listed, text = bundle.listed(), bundle.bundled()

    assert [
        page for page, place in source.places().items() if place != "index.md" and f"]({place})" not in listed
    ] == []
    assert [page for page in source.places() if f"<!-- {page} -->\n\n# " not in text] == []


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("[a](../operating.md#x)", "[a](../operating.md#x)"),
        ("[a](../../README.md)", "[a](../project/readme.md)"),
        ("[a](clients/README.md)", "[a](clients/index.md)"),
        ("[a](clients/)", "[a](clients/index.md)"),
        ("[the code](../../lambdas/x.py)", "the code"),
        ("![p](../pictures/overview.svg)", "![p](../pictures/overview.svg)"),
        ("[a](https://example.com) [b](#here)", "[a](https://example.com) [b](#here)"),
        ("```\n[a](../../README.md)\n```", "```\n[a](../../README.md)\n```"),
    ],
)
def test_a_link_moves_with_its_page(text, changed) -> None:
    """To a page's place on the site; what the site does not have is its text."""
    known = source.places()

    def target(path: str) -> str | None:
        return next((known[one] for one in (path, f"{path}/README.md") if one in known), None) or (
            path.removeprefix("docs/") if path.endswith(".svg") else None
        )

    old, new = PurePosixPath("docs/how-to/keys.md"), PurePosixPath("how-to/keys.md")
    assert links.moved(text, old=old, new=new, target=target) == changed
