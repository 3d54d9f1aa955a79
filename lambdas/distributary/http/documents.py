"""`GET /openapi.json` and `GET /problems/{slug}`: what the API tells about itself, read when it is asked for."""

import json
from pathlib import Path

from distributary.errors import NotFound
from distributary.http.request import Request, Response

OPENAPI = Path(__file__).with_name("openapi.json")
PROBLEM_PAGES = Path(__file__).with_name("problem_pages.json")
"""The text of each page by its slug; `make reference` cuts it out of docs/reference/errors.md."""

_HEADERS = {"cache-control": "max-age=3600", "access-control-allow-origin": "*"}


def openapi(_request: Request) -> Response:
    """The OpenAPI 3.1 document of every endpoint."""
    return Response(200, OPENAPI.read_text(encoding="utf-8"), {"content-type": "application/json", **_HEADERS})


def problem_page(request: Request) -> Response:
    """The page of one kind of problem, as Markdown. Raises NotFound."""
    slug = request.path.rpartition("/")[2]
    pages = json.loads(PROBLEM_PAGES.read_text(encoding="utf-8"))
    if slug not in pages:
        raise NotFound("NotFound", "there is no such kind of problem; GET /openapi.json lists what the API answers")
    return Response(200, pages[slug], {"content-type": "text/plain; charset=utf-8", **_HEADERS})
