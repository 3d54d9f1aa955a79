import json
import urllib.error
import urllib.request

import pytest

FAULT = {"operation": "kinesis.*", "effect": "refuse_calls", "error": "InternalFailure", "seed": 1}


def order(served, method, path, document=None):
    """The status and the JSON of an order's answer."""
    body = None if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
    request = urllib.request.Request(f"{served.endpoint}/_distributary/{path}", data=body, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_faults_are_set_listed_and_cleared(served):
    """PUT sets by name, GET lists with counts, DELETE forgets one or all."""
    assert order(served, "PUT", "faults", {"a": FAULT, "b": FAULT})[0] == 200
    status, listed = order(served, "GET", "faults")
    assert status == 200
    assert listed["faults"]["a"] == {
        **FAULT,
        "resource": "*",
        "share": 1.0,
        "met": 0,
        "injected": 0,
        "seconds_left": None,
    }
    assert list(order(served, "DELETE", "faults?name=a")[1]["faults"]) == ["b"]

    assert order(served, "DELETE", "faults") == (200, {"faults": {}, "kills": {}})


def test_a_fault_that_is_set_is_at_work(served):
    """What was ordered falls upon the next call, and is counted."""
    order(served, "PUT", "faults", {"a": FAULT})
    client = served.client("kinesis")
    with pytest.raises(client.exceptions.ClientError):
        client.list_streams()

    assert order(served, "GET", "faults")[1]["faults"]["a"]["injected"] == 1


def test_a_bad_definition_is_a_400_that_names_the_place(served):
    """Nothing is set then."""
    status, said = order(served, "PUT", "faults", {"a": FAULT, "b": {**FAULT, "share": 2}})

    assert (status, said["wrong"]) == (400, ["b.share: must be a number above 0, at most 1"])
    assert order(served, "PUT", "faults", b"{")[0] == 400
    assert order(served, "GET", "faults")[1]["faults"] == {}


def test_a_function_is_killed_and_counted(served):
    """The answer says the process; where none handles a request, it is a 409 and no kill."""
    assert order(served, "POST", "kill?function=work") == (200, {"killed": 4711})
    assert order(served, "POST", "kill?function=idle-one")[0] == 409
    assert order(served, "POST", "kill")[0] == 400

    assert served.killed == ["work", "idle-one"]
    assert order(served, "GET", "faults")[1]["kills"] == {"work": 1}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "faults", 405), ("GET", "kill", 405), ("DELETE", "faults?name=nobody", 404), ("GET", "journal", 200)],
)
def test_other_orders_are_refused_and_other_paths_are_somebody_elses(served, method, path, status):
    """405 with what is allowed, 404 for a fault that is not there; what is not ours goes on."""
    assert order(served, method, path)[0] == status


def test_no_fault_falls_upon_an_order(served):
    """With everything refused, one can still clear it."""
    order(served, "PUT", "faults", {"all": {"operation": "*", "effect": "reset_before"}})

    assert order(served, "DELETE", "faults")[0] == 200
