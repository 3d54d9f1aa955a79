import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from small_app import APP

from local.deployment import Cdk
from local.gateway import Gateway
from local.stack import LocalStack, PortRefused, ended_by_sigterm, without_aws_settings

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120  # of a machine that is busy; nothing here takes as long
UP = """
import functools, signal, sys
from pathlib import Path
from commands import up
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the tests themselves were started with
up.LocalStack = functools.partial(up.LocalStack, project=Path(sys.argv.pop(1)))
sys.exit(up.main())
"""
BEHIND_A_PROXY = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}  # nothing answers at port 9
FREE_PORTS = ("--port", "0", "--aws-port", "0")
EVERYTHING_FAILS = """
[everything-fails]
operation = "*"
effect    = "refuse_calls"
error     = "ServiceUnavailable"
"""


def answering(word):
    """A template: an HTTP API before a function that answers with the word."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    code = f"def handler(event, context):\n    print('said {word}')\n    return '{word}'\n"
    resources = {
        "Role": ("IAM::Role", {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}),
        "Function": (
            "Lambda::Function",
            {
                "Code": {"ZipFile": code},
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Runtime": "python3.13",
            },
        ),
        "Called": (
            "Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Function"},
                "Principal": "apigateway.amazonaws.com",
            },
        ),
        "Api": ("ApiGatewayV2::Api", {"Name": "small", "ProtocolType": "HTTP"}),
        "To": (
            "ApiGatewayV2::Integration",
            {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]},
                "PayloadFormatVersion": "2.0",
            },
        ),
        "Route": (
            "ApiGatewayV2::Route",
            {
                "ApiId": {"Ref": "Api"},
                "RouteKey": "GET /",
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "To"}]]},
            },
        ),
        "Stage": ("ApiGatewayV2::Stage", {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True}),
    }
    return {
        "Resources": {name: {"Type": f"AWS::{kind}", "Properties": own} for name, (kind, own) in resources.items()},
        "Outputs": {"Endpoint": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}},
    }


@pytest.fixture
def project(tmp_path):
    """A folder with an app, of that template unless it has a source of its own."""

    def made(template=None, app=APP):
        folder = tmp_path / "project"
        folder.mkdir()
        (folder / "app.py").write_text(app)
        (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
        write(folder, template)
        return folder

    return made


def write(folder, template):
    """Writes what the app is to deploy."""
    (folder / "template.json").write_text(json.dumps(template))


class Run:
    """A process that runs the stack, and all processes that descend from it."""

    def __init__(self, *command, stderr=subprocess.STDOUT, **variables):
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'lambdas'}:{ROOT / 'infra'}", **variables},
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

    def has_started(self, count):
        """Waits until it has so many descendants."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.descendants()) < count:
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def ended_by(self, sign):
        """The exit status after a signal, and which of its processes are left."""
        family = self.descendants()
        assert family
        self.process.send_signal(sign)
        status = self.process.wait(timeout=PATIENCE_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (left := [pid for pid in family if not ended(pid)]) and time.monotonic() < deadline:
            time.sleep(0.01)
        return status, left


def ended(pid):
    """Whether a process is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def answer_of(address, method="GET"):
    """Status and body of the answer to a request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_stack_runs_changes_while_it_runs_and_leaves_nothing(project, tmp_path):
    """The deployed function answers, after another `cdk deploy` its new code does, SIGTERM leaves no process.

    Faults of a file, even where everything fails, do not stop the deployment; after it, every call does fail. A proxy
    that leads out of this machine is in nobody's way.
    """
    folder, faults = project(answering("one")), tmp_path / "faults.toml"
    faults.write_text(EVERYTHING_FAILS)
    with Run("-c", UP, str(folder), *FREE_PORTS, "--faults", str(faults), **BEHIND_A_PROXY) as run:
        ready = "\n".join(run.lines_until("Function logs follow"))
        endpoint, aws = (re.search(rf"{name} +(http\S+)", ready)[1] for name in ("Endpoint", "Embedded AWS"))
        refused, _ = answer_of(f"{aws}/bucket/key")
        _, listed = answer_of(f"{aws}/_distributary/faults")
        answer_of(f"{aws}/_distributary/faults", "DELETE")
        first = answer_of(endpoint)
        write(folder, answering("two"))
        (tmp_path / "again").mkdir()
        cdk = Cdk(tmp_path / "again", folder)
        for step in (cdk.synth, lambda: cdk.deploy(aws)):
            with step() as running:
                running.finished(lambda _: None)
        second = answer_of(endpoint)
        status, left = run.ended_by(signal.SIGTERM)
        printed = run.process.stdout.read()

    assert refused == 503
    assert json.loads(listed)["faults"]["everything-fails"]["injected"] >= 1
    assert (first, second) == ((200, b'"one"'), (200, b'"two"'))
    assert "said two" in printed
    assert (status, left) == (0, [])


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_deploys_leaves_nothing(project, sign):
    """The CDK CLI and what it has started end too."""
    with Run("-c", UP, str(project({"Resources": {}})), *FREE_PORTS) as run:
        run.lines_until("  cdk synth")  # what looked for the functions' Python is over
        run.has_started(2)
        status, left = run.ended_by(sign)
        printed = run.process.stdout.read()

    assert status == 0
    assert "Ready" not in printed
    assert left == []


def test_a_second_sigterm_does_not_interrupt_what_stops():
    """`make` passes on the SIGTERM that its whole group has had already; a handler of before comes back at the end."""
    former, stopped = signal.getsignal(signal.SIGTERM), []

    def stop():
        os.kill(os.getpid(), signal.SIGTERM)
        stopped.append(True)

    def run():
        with ended_by_sigterm(), ExitStack() as opened:
            opened.callback(stop)
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit) as ended:
        run()

    assert stopped
    assert ended.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is former


def test_what_was_not_created_is_named(project):
    """An unknown type ends it with the resource's name, its type and the reason."""
    folder = project({"Resources": {"Odd": {"Type": "AWS::Nobody::Knows"}}})
    with Run("-c", UP, str(folder), *FREE_PORTS) as run:
        output = run.process.communicate(timeout=PATIENCE_SECONDS)[0]

    assert run.process.returncode == 1
    assert "Odd (AWS::Nobody::Knows): there is no AWS::Nobody::Knows on this machine" in output


def test_an_app_that_does_not_synthesise_shows_its_error(project):
    """With the CLI's own output."""
    folder = project(app='raise SystemExit("what is wrong with it")')
    with Run("-c", UP, str(folder), *FREE_PORTS) as run:
        output = run.process.communicate(timeout=PATIENCE_SECONDS)[0]

    assert run.process.returncode == 1
    assert "cdk synth failed:" in output
    assert "what is wrong with it" in output


def test_ctrl_c_under_tee_is_one_line(project):
    """It takes the reader too: what a function logs after that has nowhere to go, and everything ends all the same."""
    with Run("-c", UP, str(project(answering("one"))), *FREE_PORTS, stderr=subprocess.PIPE) as run:
        ready = "\n".join(run.lines_until("Function logs follow"))
        run.process.stdout.close()
        answer = answer_of(re.search(r"Endpoint +(http\S+)", ready)[1])
        status, left = run.ended_by(signal.SIGINT)
        printed = run.process.stderr.read()

    assert answer == (200, b'"one"')
    assert (status, left) == (0, [])
    assert printed == "\nStopped.\n"


@pytest.mark.parametrize("variable", ["PORT", "AWS_PORT"])
def test_a_taken_port_is_one_clear_line(variable):
    """It names the port and the variable that chooses another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = {"PORT": "--port", "AWS_PORT": "--aws-port"}
        other = options[{"PORT": "AWS_PORT", "AWS_PORT": "PORT"}[variable]]
        with Run("-m", "commands.up", options[variable], str(port), other, "0") as run:
            output = run.process.communicate(timeout=PATIENCE_SECONDS)[0]

    assert run.process.returncode == 1
    assert output.splitlines()[1:] == [f"Port {port} is taken: choose another with {variable}=…"]


def test_an_unknown_profile_does_not_concern_it(project, monkeypatch):
    """It stands for an account, and this is none: the embedded AWS starts, and the next line is about its stack."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    folder = project({"Resources": {"Odd": {"Type": "AWS::Nobody::Knows"}}})
    with Run("-c", UP, str(folder), *FREE_PORTS) as run:
        output = run.process.communicate(timeout=PATIENCE_SECONDS)[0]

    assert "Odd (AWS::Nobody::Knows): there is no AWS::Nobody::Knows on this machine" in output
    assert "Traceback" not in output


def test_the_users_aws_settings_come_back(monkeypatch):
    """Whoever runs it inside of a program of their own finds them as they were."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    before = dict(os.environ)
    with without_aws_settings():
        inside = {name for name in os.environ if name.startswith("AWS_")}

    assert inside == {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
    assert dict(os.environ) == before


@pytest.mark.parametrize("variable", ["PORT", "AWS_PORT"])
def test_a_port_that_does_not_exist_is_one_clear_line(variable):
    """It says which do."""
    options = {"PORT": ("--aws-port", "0", "--port"), "AWS_PORT": ("--port", "0", "--aws-port")}
    with Run("-m", "commands.up", *options[variable], "99999") as run:
        output = run.process.communicate(timeout=PATIENCE_SECONDS)[0]

    assert run.process.returncode == 1
    assert output.splitlines()[1:] == [f"Port 99999 does not exist: choose one up to 65535 with {variable}=…"]


def test_a_port_of_the_system_is_one_clear_line(monkeypatch):
    """As for a user who is not the administrator, who may run these tests."""

    def refused(address, **_):
        raise PermissionError(errno.EACCES, "Permission denied", address)

    monkeypatch.setattr(socket, "create_server", refused)
    stack = LocalStack(80, 0)

    with (
        pytest.raises(PortRefused, match=r"Port 80 is for the administrator of this machine only: .* with PORT=…"),
        stack._naming_the_port("PORT"),
    ):
        Gateway(dict, None, port=80).start()
