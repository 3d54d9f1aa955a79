"""The OpenAPI document and what the deployed stack really answered: these tests run last (conftest.py)."""

import json

import pytest
from contract import DOCUMENT
from exchanges import Exchanges

from distributary.http.problem import PROBLEMS


def test_the_document_is_served(anonymous) -> None:
    """To anyone, as it lies beside the code; `GET /` links it."""
    about = json.loads(anonymous("GET", "/").body)
    answer = anonymous("GET", about["openapi"])

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(answer.body) == DOCUMENT


@pytest.mark.parametrize("slug", [slug for slug, _ in PROBLEMS.values()][:3])
def test_a_problem_leads_to_its_page(anonymous, slug) -> None:
    """The `type` of a problem is a path that answers."""
    answer = anonymous("GET", f"/problems/{slug}")

    assert answer.status == 200
    assert answer.body.decode().startswith(f"# {slug}\n")


def test_an_unknown_problem_is_a_problem(anonymous) -> None:
    """It says where to look."""
    answer = anonymous("GET", "/problems/nosuch")

    assert (answer.status, json.loads(answer.body)["code"]) == (404, "NotFound")


def test_the_stack_answered_as_the_document_has_it(exchanges: Exchanges) -> None:
    """Every exchange of all tests of this folder that ran."""
    assert exchanges.faults == []


@pytest.mark.usefixtures("whole")
def test_every_operation_was_answered_well(exchanges: Exchanges) -> None:
    """And badly, where it can be: otherwise the test above has looked at nothing."""
    operations = {one["operationId"] for methods in DOCUMENT["paths"].values() for one in methods.values()}
    well = {name for name, status in exchanges.seen if status < 300}

    assert operations - well == set()
