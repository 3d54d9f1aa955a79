import json
import re
from pathlib import Path

import pytest
from bad_requests import load

from distributary.errors import BadRequest, MethodNotAllowed, TooLarge, UnknownEncoding
from distributary.http.problem import PROBLEMS, for_error, problem
from distributary.http.request import Request

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "errors.md"


def test_the_document_describes_every_problem_and_no_other() -> None:
    """docs/reference/errors.md has a heading for each slug, with its code, its status and its title."""
    text = DOCUMENT.read_text(encoding="utf-8")
    described = re.findall(r"^### `([a-z0-9-]+)`\n\n`(\w+)` · (\d{3}) · (.+)\.$", text, re.MULTILINE)

    assert {(slug, code, title) for slug, code, _, title in described} == {
        (slug, code, title) for code, (slug, title) in PROBLEMS.items()
    }
    assert len(described) == len(re.findall("^### ", text, re.MULTILINE))


def test_the_document_has_the_statuses_that_are_answered() -> None:
    """Whatever code a bad request gets, the document gives it the status that it came with."""
    text = DOCUMENT.read_text(encoding="utf-8")
    described = dict(re.findall(r"^`(\w+)` · (\d{3}) · ", text, re.MULTILINE))
    answered = {
        case.expect["code"]: case.expect["status"] for case in load("bad_requests.json") if "code" in case.expect
    }

    assert len(answered) > 10
    assert {code: int(described[code]) for code in answered} == answered


def test_slugs_say_what_codes_say() -> None:
    """A slug is its code in lower case with hyphens."""
    for code, (slug, _) in PROBLEMS.items():
        assert slug.replace("-", "") == code.lower()


def test_a_problem_is_a_document_of_rfc_9457() -> None:
    """With a code to compare and whatever members the kind of problem adds."""
    response = problem(503, "NotStored", "2 of 3 events …", "request-1", retry=2)

    assert response.status == 503
    assert response.headers == {"content-type": "application/problem+json"}
    assert json.loads(response.body) == {
        "type": "/problems/not-stored",
        "title": "Not every event could be stored",
        "status": 503,
        "code": "NotStored",
        "detail": "2 of 3 events …",
        "instance": "request-1",
        "retry": 2,
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequest("EmptyBody", "d"), 400),
        (TooLarge("BodyTooLarge", "d"), 413),
        (UnknownEncoding("UnknownCharset", "d"), 415),
    ],
)
def test_an_error_answers_with_its_own_status(error: BadRequest, status: int) -> None:
    """Where no place in the body is at fault, there is no list of errors."""
    response = for_error(error, Request("POST", "/v1/events", id="request-1"))

    document = json.loads(response.body)
    assert (response.status, document["status"], document["instance"]) == (status, status, "request-1")
    assert "errors" not in document


def test_an_error_names_its_place() -> None:
    """The JSON pointer stands in `errors`, also where it is the whole body's."""
    for place in ("", "/a/0"):
        document = json.loads(for_error(BadRequest("MalformedJson", "d", place), Request("POST", "/")).body)

        assert document["errors"] == [{"code": "MalformedJson", "detail": "d", "pointer": place}]


def test_headers_say_what_would_be_taken() -> None:
    """405 has Allow, an unknown Content-Encoding has Accept-Encoding."""
    request = Request("PUT", "/v1/events")

    assert for_error(MethodNotAllowed(["GET", "POST"]), request).headers["allow"] == "GET, POST"
    unknown = for_error(UnknownEncoding("UnknownContentEncoding", "d"), request)
    assert unknown.headers["accept-encoding"] == "gzip, deflate, zstd, identity"
