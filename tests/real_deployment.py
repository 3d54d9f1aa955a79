"""The project's own stack under the real CLI, in an embedded AWS of its own."""

import json
import os
import subprocess
import sys
import urllib.request
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
from own_process import own_process
from small_app import APP

from commands.key_ring import KeyRing, bearer
from commands.post import request
from commands.stage import chosen
from distributary.access.key import for_everything
from distributary.sinks.registry import SINK_NAMES
from local.deployment import Cdk, aws_at

ROOT = Path(__file__).parents[1]
_STEP_SECONDS = 180
_SERVED = """
import sys
from pathlib import Path
from local.stack import LocalStack
with LocalStack(project=Path(sys.argv[1]), say=lambda line: print(line, file=sys.stderr)) as stack:
    print(stack.aws_endpoint, flush=True)
    sys.stdin.read()
"""


@contextmanager
def embedded_aws(workspace: Path) -> Iterator[str]:
    """The URL of an embedded AWS in a process of its own, bootstrapped, with nothing of ours in it."""
    folder = workspace / "small"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
    (folder / "template.json").write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}))
    with deployed(folder, workspace) as url:
        yield url


@contextmanager
def deployed(project: Path, workspace: Path, *, root: Path = ROOT) -> Iterator[str]:
    """The URL of an embedded AWS in a process of its own, with stage `local` of the project in it.

    `root` has the project's code.
    """
    command = [sys.executable, "-c", _SERVED, str(project)]
    errors = workspace / "errors.txt"
    with own_process(command, errors, paths_of(root), root=root) as process:
        url = process.stdout.readline().strip()
        assert url, errors.read_text()[-4000:]
        yield url


class Stage(Cdk):
    """The real CLI, and one stage of a project."""

    def __init__(self, workspace, stage, project=ROOT):
        workspace.mkdir()
        super().__init__(workspace, project)
        object.__setattr__(self, "stage", stage)

    @property
    def stack(self):
        """The stack's name."""
        return f"distributary-{self.stage}"

    def synth(self, endpoint=""):
        """Synthesises the stage, which may ask the AWS at `endpoint` what is deployed."""
        variables = {"CDK_VALIDATION": "false", **(aws_at(endpoint) if endpoint else {})}
        arguments = ["synth", "--quiet", "--context", f"stage={self.stage}", "--output", str(self.assembly)]
        return self._step("cdk synth", arguments, variables, self.project)

    def destroy(self, endpoint):
        """Deletes the stack."""
        arguments = ["destroy", "--all", "--force", "--app", str(self.assembly)]
        return self._step("cdk destroy", arguments, aws_at(endpoint), self.workspace)


def done(step):
    """What the CLI printed, once it has ended."""
    with step:
        step.finished(lambda _: None, within=_STEP_SECONDS)
    return step.output()


def set_faults(aws: str, faults: dict) -> None:
    """These faults and no others."""
    url = f"{aws}/_distributary/faults"
    for method, body in (("DELETE", None), *((("PUT", json.dumps(faults).encode()),) if faults else ())):
        with urllib.request.urlopen(urllib.request.Request(url, data=body, method=method), timeout=10) as answer:
            assert answer.status == 200


def paths_of(root: Path) -> dict[str, str]:
    """Our environment, where Python finds the project's code below `root`."""
    return {**os.environ, "PYTHONPATH": f"{root}:{root / 'lambdas'}:{root / 'infra'}"}


class Client:
    """Who sends to the stage."""

    def __init__(self, aws: str, *, root: Path = ROOT) -> None:
        self.aws = aws
        self.root = root
        self.since = datetime.now(UTC) - timedelta(seconds=1)
        every_sink = frozenset({*SINK_NAMES, *self.stage.sinks})
        key, self.secret = KeyRing(self.stage).create(replace(for_everything("sender"), sinks=every_sink))
        self.key_id = key.id

    @property
    def stage(self):
        """The stage as commands see it now."""
        return chosen(Namespace(stage="local", stack=None, construct=None, aws_endpoint=self.aws))

    def post(self, device):
        """The answer to one event."""
        headers = {**bearer(self.key_id, self.secret), "content-type": "application/json"}
        body = json.dumps({"deviceId": device, "temperature": 21.5}).encode()
        answer = request(self.stage.endpoint, "POST", "/v1/events", headers=headers, body=body)
        assert answer.status == 202, answer.body
        [event] = json.loads(answer.body)["events"]
        return event

    def sdk(self, service):
        """A boto3 client that is pointed at the endpoint."""
        return boto3.client(
            service,
            endpoint_url=self.stage.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
        )

    def health(self):
        """Status and body of the health check."""
        answer = request(self.stage.endpoint, "GET", "/v1/health", headers=bearer(self.key_id, self.secret))
        return answer.status, json.loads(answer.body)["status"]

    def command(self, name, *arguments):
        """What a command of the project prints."""
        run = [sys.executable, "-m", f"commands.{name}", "--stage", "local", "--aws-endpoint", self.aws, *arguments]
        ended = subprocess.run(
            run, cwd=self.root, env=paths_of(self.root), capture_output=True, text=True, timeout=120, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout
