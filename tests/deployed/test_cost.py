from commands.cost.__main__ import main
from commands.cost.measured import measure
from commands.cost.screens import of_stage
from commands.read_back import wait_for


def test_a_stage_is_priced_by_what_it_took(http, stage) -> None:
    """Its own metrics are there; what the embedded AWS has no number of is named, not left out."""
    http("POST", "/v1/events", b'{"deviceId":"cost","temperature":1}', content_type="application/json")

    def read() -> dict:
        found = measure(stage, days=1)
        return {"priced": found} if found.events else {}

    screen = of_stage(wait_for(["priced"], read, seconds=10)["priced"])

    assert screen.startswith(f"stage {stage.name}, the last 1 days: ")
    assert "together" in screen
    assert "CloudWatch has no number of: " in screen


def test_the_command_finds_the_stage(stage, capsys) -> None:
    """And says what to do where there is none."""
    at = ["--aws-endpoint", stage.aws_endpoint]

    assert main(["--stage", stage.name, "--days", "1", *at]) == 0
    assert "$ per million events" in capsys.readouterr().out
    assert main(["--stage", "nowhere", *at]) == 1
    assert "stage nowhere was not found" in capsys.readouterr().err
