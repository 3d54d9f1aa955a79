"""The project's stack, synthesised and deployed into the embedded AWS by the real CDK CLI."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

PROJECT = Path(__file__).parents[1]
ACCOUNT = "123456789012"  # moto's, whatever the credentials
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
QUIET = ("--no-notices", "--no-color")
_STEP_SECONDS = 900  # a step takes seconds; the first on a slow machine, which installs what functions need, minutes


class StepFailed(Exception):
    """A step of the deployment failed; the message holds the CLI's own output."""


class NotCreated(Exception):
    """Some of a stack's resources or outputs do not exist; the message names each with its type and the error."""


class Step:
    """One run of the CDK CLI, started at once; leaving `with` ends it, and all that it started, if it still runs."""

    def __init__(self, name: str, arguments: list[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self.started = time.monotonic()
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                ["cdk", *arguments, *QUIET],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own: it ends as one, and a Ctrl-C is ours to pass on
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def output(self) -> str:
        """What the CLI printed."""
        return self.log.read_text(errors="replace").strip()

    def finished(self, say: Callable[[str], None], *, within: float = _STEP_SECONDS) -> None:
        """Waits for its end and says how long it took; raises StepFailed, also for one that does not end in time."""
        try:
            failed = self.process.wait(within)
        except subprocess.TimeoutExpired as error:
            raise StepFailed(f"{self.name} did not end within {within:g} s:\n{self.output()}") from error
        if failed:
            raise StepFailed(f"{self.name} failed:\n{self.output()}")
        say(f"  {self.name}: {time.monotonic() - self.started:.1f} s")


@dataclass(frozen=True)
class Cdk:
    """The CDK CLI for one project (a folder with a cdk.json), its output and its own files in `workspace`."""

    workspace: Path
    project: Path = PROJECT

    @property
    def assembly(self) -> Path:
        """The folder that `synth` writes."""
        return self.workspace / "cdk.out"

    def synth(self, stage: str = "local") -> Step:
        """Synthesises a stage. Validation belongs to the checks, not to each start."""
        arguments = ["synth", "--quiet", "--no-version-reporting", "--context", f"stage={stage}", "--output"]
        return self._step("cdk synth", [*arguments, str(self.assembly)], {"CDK_VALIDATION": "false"}, self.project)

    def bootstrap(self, endpoint: str) -> Step:
        """Creates the stack that the CDK needs in every account."""
        return self._step("cdk bootstrap", ["bootstrap", f"aws://{ACCOUNT}/{REGION}"], aws_at(endpoint), self.workspace)

    def deploy(self, endpoint: str) -> Step:
        """Deploys what `synth` wrote."""
        arguments = ["deploy", "--all", "--app", str(self.assembly), "--require-approval", "never"]
        return self._step("cdk deploy", arguments, aws_at(endpoint), self.workspace)

    def templates(self) -> dict[str, dict[str, Any]]:
        """The template of each stack in the assembly, by the stack's name."""
        manifest = json.loads((self.assembly / "manifest.json").read_text())
        return {
            artifact["properties"].get("stackName", name): json.loads(
                (self.assembly / artifact["properties"]["templateFile"]).read_text()
            )
            for name, artifact in manifest["artifacts"].items()
            if artifact["type"] == "aws:cloudformation:stack"
        }

    def _step(self, name: str, arguments: list[str], env: Mapping[str, str], cwd: Path) -> Step:
        log = self.workspace / f"{name.replace(' ', '-')}.log"
        return Step(name, arguments, cwd=cwd, env={**surroundings(self.workspace), **env}, log=log)


def surroundings(workspace: Path) -> dict[str, str]:
    """The environment of every run of the CLI: none of this user's AWS settings, nothing reported or looked up."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CDK_"))}
    tools = [str(PROJECT / ".venv/bin"), str(PROJECT / "node_modules/.bin"), own.get("PATH", "")]
    return {
        **own,
        "PATH": os.pathsep.join(tools),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "true",
        "CDK_HOME": str(workspace),  # the account that belongs to our credentials must not enter this user's cache
    }


def aws_at(endpoint: str) -> dict[str, str]:
    """The environment variables that lead an AWS SDK to the embedded AWS."""
    return {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}


def deployed(
    cdk: Cdk,
    synthesis: Step,
    endpoint: str,
    verify: Callable[[str, Mapping[str, Any]], dict[str, str]],
    say: Callable[[str], None],
) -> dict[str, str]:
    """The outputs of the deployed stacks. Bootstraps during `synthesis`. Raises StepFailed, or what `verify` raises."""
    with cdk.bootstrap(endpoint) as bootstrap:
        synthesis.finished(say)
        bootstrap.finished(say)
    with cdk.deploy(endpoint) as deploy:
        failed = None
        try:
            deploy.finished(say)
        except StepFailed as error:
            failed = error
    outputs: dict[str, str] = {}
    for stack, template in cdk.templates().items():
        outputs |= verify(stack, template)
    if failed:
        raise failed
    return outputs
