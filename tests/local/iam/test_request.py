import contextlib
import io
import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from local.faults.call import Call
from local.iam.policy import Principal
from local.iam.request import Unmapped, requests_of

CASES = json.loads((Path(__file__).parents[2] / "cases/local/iam_needs.json").read_text())
GOOD = [case for case in CASES if "unmapped" not in case]
BAD = [case for case in CASES if "unmapped" in case]
ROLE = Principal(role="arn:aws:iam::123456789012:role/r", session="s")


@pytest.fixture
def environ(served, monkeypatch):
    """What arrives of a call that boto3 makes."""

    def sent(case):
        came = []

        def keep(environ):
            body = Call(environ).body  # to be read before the connection is gone
            came.append({**environ, "wsgi.input": io.BytesIO(body)})

        monkeypatch.setattr(served.keys, "signed", keep)
        with contextlib.suppress(ClientError, ResponseParserError, KeyError, ValueError):  # the answer is none of AWS's
            getattr(served.client(case["service"]), case["call"])(**case["with"])
        return came[0]

    return sent


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["name"])
def test_what_a_call_asks_of_iam(environ, case) -> None:
    """Action and resource of each request, and what conditions may ask about, from a call as boto3 makes it."""
    found = requests_of(Call(environ(case)), ROLE)

    assert [[one.action, one.resource] for one in found] == case["needs"]
    assert {key: list(value) for key, value in found[-1].context.items() if key in case.get("context", {})} == case.get(
        "context", {}
    )


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["name"])
def test_an_operation_that_nobody_mapped(environ, case) -> None:
    """It is refused with its name and the place where to add it: it is neither allowed nor denied by guess."""
    with pytest.raises(Unmapped, match=case["unmapped"].replace("?", r"\?")):
        requests_of(Call(environ(case)), ROLE)


def test_a_call_that_names_no_resource() -> None:
    """It is refused, with the parameter that is missing."""
    headers = {
        "HTTP_X_AMZ_TARGET": "Kinesis_20131202.PutRecords",
        "HTTP_AUTHORIZATION": "Credential=a/20260101/us-east-1/kinesis/aws4_request",
    }

    with pytest.raises(Unmapped, match=r"kinesis\.PutRecords names no resource: 'StreamARN or StreamName' is missing"):
        requests_of(Call({**headers, "CONTENT_LENGTH": "2", "wsgi.input": io.BytesIO(b"{}")}), ROLE)


def test_every_request_tells_who_asks_and_how(environ) -> None:
    """The role, its account, the region, and TLS: what the loopback interface lacks an account always has."""
    [found] = requests_of(Call(environ(GOOD[0])), ROLE)

    assert found.context == {
        "aws:principalaccount": ("123456789012",),
        "aws:principalarn": ("arn:aws:iam::123456789012:role/r",),
        "aws:requestedregion": ("us-east-1",),
        "aws:securetransport": ("true",),
    }
