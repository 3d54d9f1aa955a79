import re
import uuid
from dataclasses import replace

import pytest

from commands.read_back import wait_for
from commands.status import main, screen


def test_one_screen_says_how_the_stage_is(stage, http) -> None:
    """Endpoint, health, both streams, every queue, dead letters, detectors, and the key with its last day."""
    http("POST", "/v1/events", b'{"deviceId":"status","temperature":1}', content_type="application/json")

    text = screen(stage)

    said = {line[:26].strip(): line[26:] for line in text.splitlines()}
    assert said["endpoint"] == stage.endpoint
    assert said["kinesis"] == f"{stage.outputs['StreamName']}: ACTIVE, 1 open shards"
    assert said["firehose"].endswith(": ACTIVE")
    assert {"queue Message", "queue KinesisSpill", "dead letters", "detectors"} <= set(said)
    assert {f"queue {name}" for name in ("DeadMessage", "DeadAction", "DeadWake", "LateWake", "RuleError")} <= set(said)
    assert "waiting" in said["queue Message"]
    assert http.credential["authorization"].split()[1].split(".")[0] in said["key tests"]
    assert "last used 20" in said["key tests"]
    assert "errors in the last hour" in said


def test_it_says_how_long_what_is_spilled_waits(http, stage, faults) -> None:
    """While its sink is down, in seconds since it was first spilled."""
    faults(kinesis={"operation": "kinesis.PutRecords", "effect": "refuse_calls", "error": "Down", "status": 503})
    http("POST", "/v1/events", b'{"deviceId":"status"}', content_type="application/json")
    read = lambda: {"oldest": 1} if re.search("KinesisSpill .* the oldest for [0-9]+ s", screen(stage)) else {}  # noqa: E731 - one line

    assert wait_for(["oldest"], read, seconds=10)


def test_it_says_what_functions_complained_about(stage) -> None:
    """The newest errors of the hour: here a record that its function cannot read."""
    url = stage.outputs["MessageQueueUrl"]
    mark = uuid.uuid4().hex
    stage.client("sqs").send_message(QueueUrl=url, MessageBody=mark, MessageGroupId=mark, MessageDeduplicationId=mark)
    found = wait_for(["dead"], lambda: {"dead": 1} if "RunDetectors: dead letter" in screen(stage) else {}, seconds=10)

    assert found


@pytest.mark.parametrize(
    ("operation", "missing"),
    [
        ("kinesis.DescribeStreamSummary", "kinesis"),
        ("firehose.DescribeDeliveryStream", "firehose"),
        ("sqs.GetQueueAttributes", "queues"),
        ("monitoring.*", "age of what waits"),
        ("s3.GET", "dead letters"),
        ("dynamodb.Scan", "detectors"),
        ("logs.FilterLogEvents", "errors in the last hour"),
    ],
)
def test_what_cannot_be_asked_leaves_the_others(stage, faults, capsys, operation, missing) -> None:
    """One line says so and why; the command shows all the rest of a stage that is ill, which it is for."""
    faults(down={"operation": operation, "effect": "refuse_calls", "error": "Down", "status": 400})

    assert main(["--stage", stage.name, "--aws-endpoint", stage.aws_endpoint]) == 0
    said = {line[:26].strip(): line[26:] for line in capsys.readouterr().out.splitlines()}
    assert {name for name, one in said.items() if one.startswith("could not be asked: An error occurred (Down)")} == (
        {missing, "keys"} if missing == "detectors" else {missing}
    )
    assert {"stage", "endpoint", "health", "kinesis", "firehose", "dead letters", "detectors"} <= said.keys()


def test_a_health_that_does_not_answer_leaves_the_others(stage) -> None:
    """Where the endpoint itself is away."""
    away = replace(stage, outputs={**stage.outputs, "Endpoint": "http://localhost:1"})

    assert "health                    could not be asked: " in screen(away)
    assert "firehose                  " in screen(away)


def test_a_stage_that_is_not_there_is_said_to_be(stage, capsys) -> None:
    """With what to do next."""
    assert main(["--stage", "nowhere", "--aws-endpoint", stage.aws_endpoint]) == 1
    assert f"Is `make up` running with its AWS at {stage.aws_endpoint}?" in capsys.readouterr().err
