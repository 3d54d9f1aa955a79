"""The AWS SDK for JavaScript v3 as it comes; its Kinesis client speaks HTTP/2 to `https` endpoints."""

from pathlib import Path

import pytest
from arrived import delivered_lines
from real_client import json_from, must_exist

FOLDER = Path(__file__).parent / "javascript"


@pytest.fixture(scope="module")
def answers(environment, https, certificate) -> dict:
    """What each call of write.mjs was answered, and by which versions of HTTP the calls came."""
    must_exist(FOLDER / "node_modules/@aws-sdk/client-kinesis")
    more = {"WRONG_SECRET": environment["AWS_SECRET_ACCESS_KEY"][::-1], "NODE_EXTRA_CA_CERTS": str(certificate)}
    told = json_from(["node", str(FOLDER / "write.mjs")], environment | more)
    return {**told, "versions": list(https[1].versions)}


def test_kinesis_is_written_to_over_http2(answers, missing) -> None:
    """PutRecord and PutRecords of the client as it comes, which signs `:authority` and no `host`."""
    assert set(answers["versions"]) == {"2", "1.1"}, "Kinesis comes by HTTP/2, Firehose by HTTP/1.1"
    assert (answers["put_record"]["status"], answers["put_records"]["status"]) == (200, 200)
    assert answers["put_records"]["FailedRecordCount"] == 0

    assert missing("one", "a", "b") == set()


def test_kinesis_is_written_to_over_plain_http_with_the_other_handler(answers, missing) -> None:
    """`NodeHttpHandler` speaks HTTP/1.1, as a local endpoint does."""
    assert answers["plain"]["status"] == 200
    assert missing("plain") == set()


def test_firehose_is_written_to_over_tls(answers, missing) -> None:
    """PutRecordBatch reaches the bucket."""
    assert (answers["firehose"]["status"], answers["firehose"]["FailedPutCount"]) == (200, 0)
    assert missing("firehose", read=delivered_lines) == set()


@pytest.mark.parametrize(
    ("call", "name"),
    [("other_stream", "ResourceNotFoundException"), ("wrong_secret", "InvalidSignatureException")],
)
def test_an_error_has_awss_name(answers, call, name) -> None:
    """As the SDK shows it: `error.name`, which callers decide by."""
    assert (answers[call]["status"], answers[call]["name"]) == (400, name)


def test_the_gateways_own_413_has_a_status_and_no_name(answers) -> None:
    """What Lambda cannot take is answered by API Gateway, without an error's name: docs/how-to/clients shows it."""
    told = {"status": 413, "name": "Unknown", "message": "Request Entity Too Large"}
    assert answers["over_the_gateways_limit"] == told
