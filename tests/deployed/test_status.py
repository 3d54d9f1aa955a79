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
    assert "waiting" in said["queue Message"]
    assert http.credential["authorization"].split()[1].split(".")[0] in said["key tests"]
    assert "last used 20" in said["key tests"]


def test_a_stage_that_is_not_there_is_said_to_be(stage, capsys) -> None:
    """With what to do next."""
    assert main(["--stage", "nowhere", "--aws-endpoint", stage.aws_endpoint]) == 1
    assert f"Is `make up` running with its AWS at {stage.aws_endpoint}?" in capsys.readouterr().err
