import json
from http import HTTPStatus
from pathlib import Path

import pytest

from local.functions import Invocation
from local.gateway.answer import NotUnderstood, own, read

CASES = json.loads((Path(__file__).parents[2] / "cases" / "gateway_answers.json").read_text())


def invocation(case: dict) -> Invocation:
    """The invocation of a case: its payload as JSON, or its text as it is."""
    return Invocation((case["text"] if "text" in case else json.dumps(case["payload"])).encode(), None, "id")


@pytest.mark.parametrize("case", [case for case in CASES if "wrong" not in case], ids=lambda case: case["note"])
def test_an_answer_is_read(case: dict) -> None:
    """A payload with a status is the answer, any other is its body."""
    found = read(invocation(case))

    assert (found.status, dict(found.headers)) == (case["status"], case["headers"])
    assert found.cookies == tuple(case.get("cookies", ()))
    assert found.body.decode() == case["body"]


@pytest.mark.parametrize("case", [case for case in CASES if "wrong" in case], ids=lambda case: case["note"])
def test_an_answer_that_is_wrong_is_not_understood(case: dict) -> None:
    """What the format does not allow says which part is wrong."""
    with pytest.raises(NotUnderstood, match=case["wrong"]):
        read(invocation(case))


def test_a_failed_function_has_no_answer() -> None:
    """A function error is never taken for an answer, whatever its payload looks like."""
    with pytest.raises(NotUnderstood):
        read(Invocation(b'{"statusCode":200}', "Unhandled", "id"))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "Not Found"),
        (413, "Request Entity Too Large"),
        (500, "Internal Server Error"),
        (503, "Service Unavailable"),
    ],
)
def test_the_gateways_own_words(status: int, words: str) -> None:
    """API Gateway's own answers are JSON with one message."""
    found = own(HTTPStatus(status))

    assert (found.status, found.body) == (status, f'{{"message":"{words}"}}'.encode())
    assert found.headers["content-type"] == "application/json"
