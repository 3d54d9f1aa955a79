import json
import os
import time
from pathlib import Path

import pytest

from local import deployment
from local.deployment import Cdk, NotCreated, StepFailed, deployed

CDK = """#!/bin/sh
echo "$@" >> {calls}
case "$1" in
  synth) mkdir -p cdk.out; echo synthesised;;
  bootstrap) echo "endpoint $AWS_ENDPOINT_URL profile $AWS_PROFILE";;
  deploy) echo "Odd failed"; exit {status};;
  hang) sleep 1000 & echo $! > {calls}; wait;;
esac
"""
TEMPLATE = {"Resources": {"Odd": {"Type": "AWS::Nobody::Knows"}}}
MANIFEST = {
    "artifacts": {
        "assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}},
        "Stack": {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": "t.json", "stackName": "named"},
        },
    }
}


@pytest.fixture
def cdk(tmp_path, monkeypatch):
    """A project whose CDK CLI is a shell script: it notes its arguments and deploys nothing; `status` is its exit."""

    def made(status=0):
        tools = tmp_path / "tools/.venv/bin"
        tools.mkdir(parents=True)
        (tools / "cdk").write_text(CDK.format(calls=tmp_path / "calls", status=status))
        (tools / "cdk").chmod(0o755)
        monkeypatch.setattr(deployment, "PROJECT", tmp_path / "tools")
        workspace, project = tmp_path / "workspace", tmp_path / "project"
        workspace.mkdir()
        project.mkdir()
        made = Cdk(workspace, project)
        made.assembly.mkdir()
        (made.assembly / "manifest.json").write_text(json.dumps(MANIFEST))
        (made.assembly / "t.json").write_text(json.dumps(TEMPLATE))
        return made

    return made


def calls(path):
    """The commands that the CLI was started with."""
    return sorted(line.split()[0] for line in (path / "calls").read_text().splitlines())


def gone(pid: int) -> bool:
    """Whether a process has ended, at the latest after a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


def test_the_outputs_of_a_deployed_stack_are_what_the_verification_finds(cdk, tmp_path):
    """Each step is told with its time; every stack of the assembly is verified with its template and its name."""
    project, said, asked = cdk(), [], []

    def verify(stack, template):
        asked.append((stack, template))
        return {"Endpoint": "here"}

    with project.synth() as synthesis:
        outputs = deployed(project, synthesis, "http://localhost:1", verify, said.append)

    assert outputs == {"Endpoint": "here"}
    assert asked == [("named", TEMPLATE)]
    assert calls(tmp_path) == ["bootstrap", "deploy", "synth"]
    assert [line.split(":")[0] for line in said] == ["  cdk synth", "  cdk bootstrap", "  cdk deploy"]
    assert all(line.endswith(" s") for line in said)


def test_success_of_the_cli_is_not_believed(cdk):
    """What the verification misses ends the deployment though the CLI exits with 0."""
    project = cdk(status=0)

    def verify(*_):
        raise NotCreated("Odd (AWS::Nobody::Knows): unknown")

    with project.synth() as synthesis, pytest.raises(NotCreated, match="Odd"):
        deployed(project, synthesis, "http://localhost:1", verify, print)


def test_a_failure_of_the_cli_shows_what_it_printed(cdk):
    """Also where every resource exists."""
    project = cdk(status=1)

    with project.synth() as synthesis, pytest.raises(StepFailed, match=r"cdk deploy failed:\nOdd failed"):
        deployed(project, synthesis, "http://localhost:1", lambda *_: {}, print)


def test_the_cli_sees_nothing_of_the_users_aws(cdk, monkeypatch):
    """No profile, no configuration: only the embedded AWS."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    project = cdk()
    with project.bootstrap("http://localhost:7") as step:
        step.finished(lambda _: None)

        assert step.output() == "endpoint http://localhost:7 profile"


def test_a_step_that_is_left_ends_with_all_that_it_started(cdk, tmp_path):
    """However the block ends, no process stays behind."""
    cdk()
    environment = {"PATH": f"{tmp_path}/tools/.venv/bin:{os.environ['PATH']}"}
    with deployment.Step("cdk hang", ["hang"], cwd=tmp_path, env=environment, log=tmp_path / "log") as step:
        while not (tmp_path / "calls").exists() or not (tmp_path / "calls").read_text().strip().isdigit():
            time.sleep(0.01)
        child = int((tmp_path / "calls").read_text())

    assert step.process.returncode is not None
    assert gone(child)


def test_a_step_that_does_not_end_is_told_with_what_it_printed(cdk, tmp_path):
    """Nobody waits for the CLI without an end."""
    cdk()
    environment = {"PATH": f"{tmp_path}/tools/.venv/bin:{os.environ['PATH']}"}
    with (
        deployment.Step("cdk hang", ["hang"], cwd=tmp_path, env=environment, log=tmp_path / "log") as step,
        pytest.raises(StepFailed, match=r"cdk hang did not end within 0.1 s"),
    ):
        step.finished(print, within=0.1)
