import json

import pytest

from distributary.errors import NotFound
from distributary.http.documents import openapi, problem_page
from distributary.http.problem import PROBLEMS
from distributary.http.request import Request


@pytest.mark.parametrize("slug", [slug for slug, _ in PROBLEMS.values()])
def test_each_problem_has_a_page(slug: str) -> None:
    """Where `type` of the problem points."""
    response = problem_page(Request("GET", f"/problems/{slug}"))

    assert response.status == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.body.startswith(f"# {slug}\n\n`")


@pytest.mark.parametrize("slug", ["", "nosuch", "../openapi", "NOT-FOUND"])
def test_no_other_page_is_found(slug: str) -> None:
    """However it is written."""
    with pytest.raises(NotFound, match="no such kind of problem"):
        problem_page(Request("GET", f"/problems/{slug}"))


def test_the_document_is_json_for_every_origin() -> None:
    """So that a documentation page on another host can load it."""
    response = openapi(Request("GET", "/openapi.json"))

    assert json.loads(response.body)["openapi"] == "3.1.0"
    assert response.headers["access-control-allow-origin"] == "*"
