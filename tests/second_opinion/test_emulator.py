import os

import pytest

from local.deployment import Step, StepFailed
from second_opinion import emulator


@pytest.fixture
def step(tmp_path):
    """Makes a step of the CDK CLI, in whose place a shell script runs."""

    def started(script: str) -> Step:
        cdk = tmp_path / "cdk"
        cdk.write_text(f"#!/bin/sh\n{script}\n")
        cdk.chmod(0o755)
        path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
        return Step("cdk deploy", ["deploy"], cwd=tmp_path, env={"PATH": path}, log=tmp_path / "log")

    return started


def test_a_step_that_does_not_end_is_ended(step, monkeypatch) -> None:
    """With what the CLI printed until then: CloudFormation waits an hour for a custom resource."""
    monkeypatch.setattr(emulator, "ATTEMPT_SECONDS", 0.5)

    with (
        pytest.raises(StepFailed, match=r"^cdk deploy did not end within 0\.5 s:\nCREATE_IN_PROGRESS$"),
        step("echo CREATE_IN_PROGRESS; exec sleep 60") as running,
    ):
        emulator.finish(running, print)

    assert running.process.poll() is not None


def test_a_step_that_ends_in_time_says_how_long_it_took(step, capsys) -> None:
    """And one that fails is a failure with the CLI's words."""
    with step("exit 0") as running:
        emulator.finish(running, print)
    assert capsys.readouterr().out.startswith("  cdk deploy: ")

    with pytest.raises(StepFailed, match="broken"), step("echo broken; exit 1") as running:
        emulator.finish(running, print)
