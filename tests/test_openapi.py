"""The OpenAPI document: valid, complete beside the code, and a judge that finds faults."""

import copy
import json
from typing import Any

import pytest
from contract import DOCUMENT, Contract
from openapi_spec_validator import OpenAPIV31SpecValidator

from commands.problem_pages import SOURCE, pages, written
from distributary import VERSION
from distributary.http.aws_api.endpoint import FIREHOSE_OPERATIONS, KINESIS_OPERATIONS
from distributary.http.documents import PROBLEM_PAGES
from distributary.http.problem import PROBLEMS
from distributary_cdk.routes import ROUTES, WEBHOOK

ACCEPTED = {
    "accepted": 1,
    "rejected": 0,
    "retry": 0,
    "events": [{"index": 0, "id": "1", "status": "accepted", "sinks": {"firehose": {"recordId": "r"}}}],
}
HEADERS = {"x-request-id": "1", "idempotency-key": "k"}


def answered(status: int = 202, body: Any = ACCEPTED, media: str = "application/json") -> list[str]:
    """The faults of an answer to posted events."""
    headers = {**HEADERS, "content-type": media}
    return Contract().faults("POST", "/v1/events", status, headers, json.dumps(body).encode())


def test_it_is_openapi_3_1() -> None:
    """By the specification's own schema."""
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["info"]["version"] == VERSION


def test_it_has_every_route_and_no_other() -> None:
    """`{rest+}` is one path in it: OpenAPI has no parameter over several segments."""
    rest = {"/detectors/{model}/keyValues/": "/detectors/{model}/{rest+}"}
    documented = {(method.upper(), rest.get(path, path)) for path, one in DOCUMENT["paths"].items() for method in one}

    assert documented == {(route.method, route.path) for route in (*ROUTES, WEBHOOK)}


def test_it_has_every_operation_of_the_aws_compatible_api() -> None:
    """As values of X-Amz-Target."""
    [target] = [one for one in DOCUMENT["paths"]["/"]["post"]["parameters"] if one["name"] == "X-Amz-Target"]

    assert target["schema"]["enum"] == [*FIREHOSE_OPERATIONS, *KINESIS_OPERATIONS]


def schemas(node: Any) -> Any:
    """Each object schema in the document."""
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from schemas(one)


def test_every_answer_says_what_it_has() -> None:
    """Each schema of an answer has `required`, and is closed unless it is AWS's own description of a stream."""
    requests = ("CloudEvent", "FirehosePut", "FirehoseRecord", "KinesisPut", "Describe", "Batch")
    answers = {
        name: one
        for name, one in DOCUMENT["components"]["schemas"].items()
        if name.endswith("Answer") or not name.startswith(requests)
    }

    assert len(answers) > 30
    for one in schemas(answers):
        assert one["required"] or one is None, one
        assert one["additionalProperties"] is False, one


def test_a_good_answer_has_no_fault() -> None:
    """Nor has one that API Gateway gives by itself."""
    assert answered() == []
    gateway = Contract().faults("POST", "/v1/events", 503, {"content-type": "application/json"}, b'{"message":"x"}')
    assert gateway == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ({"status": 418}, "undocumented status"),
        ({"body": {name: one for name, one in ACCEPTED.items() if name != "retry"}}, "'retry' is a required property"),
        ({"body": {**ACCEPTED, "accepted": "1"}}, "'1' is not of type 'integer'"),
        ({"body": {**ACCEPTED, "more": 1}}, "'more' was unexpected"),
        ({"media": "text/html"}, "undocumented media type"),
        ({"status": 500, "body": {"trace": "…"}}, "'message' is a required property"),
    ],
)
def test_planted_faults_are_found(planted: dict[str, Any], found: str) -> None:
    """Each kind by its name."""
    [fault, *_] = answered(**planted)

    assert found in fault


def test_a_missing_header_is_found() -> None:
    """Of an answer of ours; API Gateway's own have none."""
    headers = {"x-request-id": "1", "content-type": "application/problem+json"}

    [fault] = [one for one in Contract().faults("POST", "/v1/events", 401, headers, b"{}") if "www-authenticate" in one]
    assert "missing" in fault


def test_an_undocumented_request_is_found() -> None:
    """What is taken must be described."""
    judge = Contract()

    assert judge.request_faults("POST", "/v1/events", "application/json", b'"text"') != []
    assert judge.request_faults("POST", "/v1/events", "application/json", b"[1]") == []
    assert judge.request_faults("PUT", "/v1/events", "application/json", b"[1]") != []


def test_a_changed_document_judges_otherwise() -> None:
    """The judge reads the document and nothing else."""
    changed = copy.deepcopy(DOCUMENT)
    del changed["paths"]["/v1/events"]["post"]["responses"]["202"]
    headers = {**HEADERS, "content-type": "application/json"}

    [fault] = Contract(changed).faults("POST", "/v1/events", 202, headers, json.dumps(ACCEPTED).encode())
    assert "undocumented status" in fault


def test_the_problems_pages_are_those_of_the_docs() -> None:
    """`make reference` writes them."""
    found = pages(SOURCE.read_text(encoding="utf-8"))

    assert PROBLEM_PAGES.read_text(encoding="utf-8") == written(found), "old: make reference"
    assert set(found) == {slug for slug, _ in PROBLEMS.values()}
