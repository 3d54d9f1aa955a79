import http.client
import json

import pytest

from local.functions.runtime_api import Answered, InitFailed, Ready, Request, RuntimeApi

RUNTIME = "/2018-06-01/runtime"


@pytest.fixture
def api():
    """A runtime API without a process."""
    runtime_api = RuntimeApi()
    yield runtime_api
    runtime_api.close()


@pytest.fixture
def say(api):
    """Says something to the API as a runtime does; gives back status, headers and body."""
    connection = http.client.HTTPConnection(api.address, timeout=60)

    def request(method: str, path: str, body: bytes | None = None):
        connection.request(method, RUNTIME + path, body)
        response = connection.getresponse()
        return response.status, response.headers, response.read()

    yield request
    connection.close()


def test_next_hands_over_the_request(api, say) -> None:
    """`next` is reported as Ready and answered with the request's payload and headers."""
    api.hand_over(Request("id-1", b'{"a":1}', {"Lambda-Runtime-Aws-Request-Id": "id-1"}))

    status, headers, body = say("GET", "/invocation/next")

    assert api.reports.get(timeout=60) == Ready()
    assert (status, headers["Lambda-Runtime-Aws-Request-Id"], body) == (200, "id-1", b'{"a":1}')


@pytest.mark.parametrize(("path", "failed"), [("response", False), ("error", True)])
def test_an_answer_is_reported_once(api, say, path: str, failed: bool) -> None:
    """The answer to the request in hand is taken, a second one is refused."""
    api.hand_over(Request("id-1", b"{}"))
    say("GET", "/invocation/next")
    api.reports.get(timeout=60)

    assert say("POST", f"/invocation/id-1/{path}", b"42")[0] == 202
    assert api.reports.get(timeout=60) == Answered(b"42", failed=failed)
    assert say("POST", f"/invocation/id-1/{path}", b"43")[0] == 400
    assert api.reports.empty()


def test_another_requests_answer_is_refused(api, say) -> None:
    """An answer under an unknown id, and any path that the API does not have, is 400 InvalidRequestID."""
    api.hand_over(Request("id-1", b"{}"))
    say("GET", "/invocation/next")

    status, _, body = say("POST", "/invocation/id-2/response", b"1")

    assert (status, json.loads(body)["errorType"]) == (400, "InvalidRequestID")
    assert say("POST", "/nonsense", b"")[0] == 400


def test_an_init_error_is_reported(api, say) -> None:
    """What awslambdaric says of a module that cannot be loaded is passed on as it is."""
    assert say("POST", "/init/error", b'{"errorType":"X"}')[0] == 202
    assert api.reports.get(timeout=60) == InitFailed(b'{"errorType":"X"}')


def test_it_listens_on_loopback_only(api) -> None:
    """The address is 127.0.0.1 and a free port."""
    assert api.address.startswith("127.0.0.1:")
