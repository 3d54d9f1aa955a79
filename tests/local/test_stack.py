import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from local.deployment import Cdk

ROOT = Path(__file__).parents[2]
APP = """
import sys
import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as api, aws_apigatewayv2_integrations as to, aws_lambda as fn
app = cdk.App()
assert app.node.try_get_context("stage") == "local"
stack = cdk.Stack(app, "Small")
function = fn.Function(stack, "Function", runtime=fn.Runtime.PYTHON_3_13, handler="index.handler",
                       code=fn.Code.from_asset("function"))
http = api.HttpApi(stack, "Api")
http.add_routes(path="/", methods=[api.HttpMethod.GET], integration=to.HttpLambdaIntegration("To", function))
cdk.CfnOutput(stack, "Endpoint", value=http.api_endpoint)
app.synth()
"""
# An app that writes its cloud assembly by itself: it spares the seconds that the CDK's own process takes.
BARE = """
import json, os
from pathlib import Path
stack = {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
         "properties": {"templateFile": "template.json"}}
out = Path(os.environ["CDK_OUTDIR"])
(out / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"Small": stack}}))
(out / "template.json").write_text(json.dumps({"Resources": {resources}}))
"""
UP = """
import json, signal, sys
from pathlib import Path
from local.stack import LocalStack
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the tests themselves were started with
with LocalStack(project=Path(sys.argv[1])) as stack:
    print(json.dumps({"endpoint": stack.endpoint, "aws": stack.aws_endpoint, "outputs": stack.outputs}), flush=True)
    signal.pause()
"""


@pytest.fixture
def project(tmp_path):
    """A folder with an app of that source."""

    def made(app):
        folder = tmp_path / "project"
        (folder / "function").mkdir(parents=True)
        (folder / "app.py").write_text(app)
        (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
        return folder

    return made


def answer_with(folder, word):
    """Writes the function's source."""
    (folder / "function/index.py").write_text(
        f"def handler(event, context):\n    print('said {word}')\n    return '{word}'\n"
    )


class Run:
    """A process that runs the stack, and all processes that descend from it."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'lambdas'}"},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in [self.process.pid, *self.descendants()]:
            if not ended(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def lines_until(self, start):
        """What it prints up to a line that starts so."""
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip())
            if line.startswith(start):
                return lines
        raise AssertionError("\n".join(lines))

    def descendants(self):
        """The processes that it has started, and they."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(stat.parent.name)] = int(fields[1])
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.process.pid}

    def ended_by(self, sign):
        """The exit status after a signal, and which of its processes are left."""
        family = self.descendants()
        assert family
        self.process.send_signal(sign)
        status = self.process.wait(timeout=30)
        deadline = time.monotonic() + 5
        while (left := [pid for pid in family if not ended(pid)]) and time.monotonic() < deadline:
            time.sleep(0.01)
        return status, left


def ended(pid):
    """Whether a process is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def read(address):
    """What a GET answers."""
    with urllib.request.urlopen(address, timeout=20) as answer:
        return json.load(answer)


def test_a_stack_runs_changes_while_it_runs_and_leaves_nothing(project, tmp_path):
    """The deployed function answers; after another `cdk deploy` its new code does; SIGTERM leaves no process."""
    folder = project(APP)
    answer_with(folder, "one")
    with Run("-c", UP, str(folder)) as run:
        stack = json.loads(run.lines_until("{")[-1])
        first = read(stack["endpoint"])
        answer_with(folder, "two")
        (tmp_path / "again").mkdir()
        cdk = Cdk(tmp_path / "again", folder)
        for step in (cdk.synth, lambda: cdk.deploy(stack["aws"])):
            with step() as running:
                running.finished(lambda _: None)
        second = read(stack["endpoint"])
        status, left = run.ended_by(signal.SIGTERM)
        printed = run.process.stdout.read()

    assert (first, second) == ("one", "two")
    assert stack["outputs"] == {"Endpoint": stack["endpoint"]}
    assert "said two" in printed
    assert (status, left) == (128 + signal.SIGTERM, [])


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_deploys_leaves_nothing(project, sign):
    """The CDK CLI and what it has started end too."""
    with Run("-c", UP, str(project(BARE))) as run:
        while len(run.descendants()) < 2:
            time.sleep(0.05)
        status, left = run.ended_by(sign)

    assert status != 0
    assert left == []


def test_what_was_not_created_is_named(project):
    """An unknown type ends it with the resource's name, its type and the reason."""
    app = BARE.replace("{resources}", json.dumps({"Odd": {"Type": "AWS::Nobody::Knows"}}))
    with Run("-c", UP, str(project(app))) as run:
        output = run.process.communicate(timeout=60)[0]

    assert run.process.returncode == 1
    assert "Odd (AWS::Nobody::Knows): there is no AWS::Nobody::Knows on this machine" in output


def test_an_app_that_does_not_synthesise_shows_its_error(project):
    """With the CLI's own output."""
    with Run("-c", UP, str(project('raise SystemExit("what is wrong with it")'))) as run:
        output = run.process.communicate(timeout=60)[0]

    assert run.process.returncode == 1
    assert "cdk synth failed:" in output
    assert "what is wrong with it" in output


@pytest.mark.parametrize("variable", ["PORT", "AWS_PORT"])
def test_a_taken_port_is_one_clear_line(variable):
    """It names the port and the variable that chooses another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = {"PORT": "--port", "AWS_PORT": "--aws-port"}
        other = options[{"PORT": "AWS_PORT", "AWS_PORT": "PORT"}[variable]]
        with Run("-m", "commands.up", options[variable], str(port), other, "0") as run:
            output = run.process.communicate(timeout=60)[0]

    assert run.process.returncode == 1
    assert output.splitlines()[1:] == [f"Port {port} is taken: choose another with {variable}=…"]
