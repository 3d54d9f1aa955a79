from commands.cost.__main__ import main


def test_a_stage_is_priced_by_what_it_took(http, stage, capsys) -> None:
    """Its own metrics are there; what the embedded AWS has no number of is named, not left out."""
    http("POST", "/v1/events", b'{"deviceId":"cost","temperature":1}', content_type="application/json")

    assert main(["--stage", stage.name, "--aws-endpoint", stage.aws_endpoint, "--days", "1"]) == 0
    screen = capsys.readouterr().out
    first, *_ = screen.splitlines()
    assert first.startswith(f"stage {stage.name}, the last 1 days: ")
    assert not first.startswith(f"stage {stage.name}, the last 1 days: 0 events")
    assert "together" in screen
    assert "CloudWatch has no number of: " in screen


def test_a_stage_that_is_not_there(stage, capsys) -> None:
    """One line, and what to do."""
    assert main(["--stage", "nowhere", "--aws-endpoint", stage.aws_endpoint]) == 1

    assert "stage nowhere was not found" in capsys.readouterr().err
