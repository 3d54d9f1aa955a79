import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SAMPLES = "examples/detectors/device_heartbeat.json examples/detectors/temperature_alarm.json"


def told(*arguments):
    """The last command of a target, as make would run it."""
    # A make above this one would have its flags, and the names of folders, in what this one prints.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    run = subprocess.run(["make", "-n", *arguments], cwd=ROOT, env=own, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("deploy",), "cdk deploy --context stage=dev"),
        (
            ("deploy", "STAGE=prod", "ARGS=--require-approval never"),
            "cdk deploy --context stage=prod --require-approval never",
        ),
        (("bootstrap", "ARGS=--trust 123456789012"), "cdk bootstrap --context stage=dev --trust 123456789012"),
        (("cost",), "python -m commands.cost"),
        (("cost", "STAGE=prod"), "python -m commands.cost --stage prod"),
        (("cost", "ARGS=--per-second 200"), "python -m commands.cost --per-second 200"),
        (("models",), f"python -m distributary.iot_events.cli check {SAMPLES}"),
        (("models", "ARGS=replay m.json log.jsonl"), "python -m distributary.iot_events.cli replay m.json log.jsonl"),
    ],
)
def test_arguments_reach_the_command(arguments, command):
    """What a pipeline has to say without a terminal, for one."""
    assert told(*arguments).split() == command.split()


def test_no_target_deploys_in_express_mode():
    """It neither waits for what it makes nor takes a failed deployment back: only who asks for it gets it."""
    assert "express" not in (ROOT / "Makefile").read_text()


def test_help_begins_with_what_users_need():
    """Commands stand under headings; those for users come first."""
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    headings = [line for line in printed.splitlines() if line.endswith(":")]

    assert headings == ["use it:", "set up (the other commands call it):", "develop it:"]
    assert printed.index("\n  up ") < printed.index("\n  setup ") < printed.index("\n  check ")
