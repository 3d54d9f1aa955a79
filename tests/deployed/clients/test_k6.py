"""The real k6 with `examples/k6/distributary.js`: the form of its documentation, and every kind of error."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from arrived import stream_records
from real_client import ROOT, TIMEOUT_SECONDS, must_exist

from commands.read_back import wait_for

FOLDER = Path(__file__).parent / "k6"
EXAMPLES = ROOT / "examples/k6"


@pytest.fixture
def k6(stage, credential, tmp_path):
    """Runs a script beside a copy of the module, as users do; the lines that it printed."""
    binary = must_exist(ROOT / "build/clients/k6/bin/k6")
    shutil.copy(EXAMPLES / "distributary.js", tmp_path)

    def run(script: Path, *options: str, **environment: str) -> list[str]:
        shutil.copy(script, tmp_path)
        command = [binary, "run", "--no-usage-report", "--quiet", "--no-summary", "--log-format=raw", *options]
        finished = subprocess.run(
            [*command, tmp_path / script.name],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "AWS_ENDPOINT_URL_KINESIS": stage.endpoint,
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": credential[0],
                "AWS_SECRET_ACCESS_KEY": credential[1],
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stderr.splitlines()

    return run


def succeeded(lines: list[str]) -> list[str]:
    """The sequence numbers in what the example printed."""
    return [found[1] for line in lines if (found := re.match(r"Record \d succeeded: sequence=(\d+), shard=", line))]


def test_the_documentations_form_puts_records(k6, stage) -> None:
    """Each record is in the stream once, as the text that it is, under its partition key."""
    lines = k6(EXAMPLES / "put_records.js")

    assert "Failed record count: 0" in lines
    sent = succeeded(lines)
    assert len(sent) == 3
    found = wait_for(sent, lambda: {one["SequenceNumber"]: one for one in stream_records(stage).values()}, seconds=60)
    events = [json.loads(found[number]["Data"]) for number in sent]
    assert [event["message"] for event in events] == ["Hello from k6!", "Grüße, 世界", "one shard"]
    assert [found[number]["PartitionKey"] for number in sent] == ["user-1", "user-2", "user-3"]


def test_it_speaks_http2_where_the_endpoint_does(k6, https) -> None:
    """Over TLS k6 takes HTTP/2 by itself; the signature holds."""
    url, front = https
    front.versions.clear()

    lines = k6(EXAMPLES / "put_records.js", "--insecure-skip-tls-verify", AWS_ENDPOINT_URL_KINESIS=url)

    assert len(succeeded(lines)) == 3
    assert set(front.versions) == {"2"}


def test_a_refused_record_has_awss_code_and_message(k6, faults) -> None:
    """A 200 in which records failed: the count, and each record's `errorCode` and `errorMessage`."""
    error = "ProvisionedThroughputExceededException"
    faults(kinesis={"operation": "kinesis.PutRecords", "effect": "refuse_records", "error": error})

    lines = k6(EXAMPLES / "put_records.js")

    assert "Failed record count: 3" in lines
    assert sum(line.startswith("Record ") and f"failed: {error} - " in line for line in lines) == 3


def test_a_500_is_an_exception(k6, faults) -> None:
    """What the released library takes for success is thrown, with AWS's name."""
    faults(kinesis={"operation": "kinesis.PutRecords", "effect": "refuse_calls", "error": "InternalFailure"})

    lines = k6(EXAMPLES / "put_records.js")

    assert [line for line in lines if "KinesisServiceError: InternalFailure" in line], lines
    assert not succeeded(lines)


def test_every_answer_but_200_is_an_exception(k6, stage) -> None:
    """AWS's name and message, the status where there is no name, 0 where nobody answers; the script's faults too."""
    lines = k6(FOLDER / "errors.js", ELSEWHERE=stage.aws_endpoint)

    told = {}
    for line in lines:
        if line.startswith("{"):
            told |= json.loads(line)
    seen = {name: (one["name"], one.get("code"), one.get("status")) for name, one in told.items()}
    assert seen == {
        "other_stream": ("KinesisServiceError", "ResourceNotFoundException", 400),
        "wrong_secret": ("KinesisServiceError", "InvalidSignatureException", 400),
        "over_the_gateways_limit": ("KinesisServiceError", "413", 413),
        "nobody_there": ("KinesisServiceError", "0", 0),
        "not_the_api": ("KinesisServiceError", "ResourceNotFoundException", 400),
        "no_such_name": ("TypeError", None, None),
        "no_data": ("TypeError", None, None),
        "no_key": ("TypeError", None, None),
        "no_host": ("TypeError", None, None),
    }
    assert "Stream other not found" in told["other_stream"]["message"]
    assert told["no_such_name"]["message"] == "records[0].Data: must be one of data, partitionKey, explicitHashKey"
    assert "accessKeyId" in told["no_key"]["message"]
