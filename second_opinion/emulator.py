"""The emulator ministack as a process on this machine, and the product's stack deployed into it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import loopback
from local.deployment import ACCOUNT, CREDENTIALS, PROJECT, REGION, Cdk, StepFailed, surroundings
from local.functions import find_interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.deployment import Step

MINISTACK = PROJECT / "build" / "second-opinion" / "bin" / "ministack"
NODE_PACKAGES = PROJECT / "second_opinion" / "node_modules"
STARTS_WITHIN_SECONDS = 60
ATTEMPT_SECONDS = 120
"""How long a stage may take to be created: a custom resource without an answer is waited for an hour otherwise."""


class NotStarted(Exception):
    """The emulator did not answer in time; the message holds what it printed."""


class Emulator:
    """Runs inside `with`, on a free port of the loopback address; nothing of it is left when the block ends."""

    def __enter__(self) -> Self:
        """Starts it and waits until it answers. Raises NotStarted."""
        loopback.reach_directly()
        resolve_localhost()
        self._open = ExitStack()
        self.workspace = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="second-opinion-")))
        port = _free_port()
        self.endpoint = f"http://localhost:{port}"
        environment = {
            **surroundings(self.workspace),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "NODE_PATH": str(NODE_PACKAGES),  # Lambda's Node runtimes include the AWS SDK
            "TMPDIR": str(self.workspace),
        }
        environment.pop("PYTHONPATH", None)  # it has packages of its own, which must not meet ours
        self._log = self.workspace / "ministack.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [MINISTACK], env=environment, cwd=self.workspace, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._open.close()

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client for it."""
        keys = {name.lower(): value for name, value in CREDENTIALS.items()}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys, **options)

    def _wait(self) -> None:
        end = time.monotonic() + STARTS_WITHIN_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(BotoCoreError, ClientError):
                self.client("sts").get_caller_identity()
                return
            time.sleep(0.1)
        said = self._log.read_text(errors="replace")
        self.__exit__(None, None, None)
        raise NotStarted(said)


class DeployedStack:
    """What `local.stack.LocalStack` is to the tests, with the emulator in the place of the embedded AWS.

    It has no faults, no function logs and no journals: those are the embedded AWS's own.
    """

    def __init__(self, *, project: Path = PROJECT, say: Callable[[str], None] = print, **_: object) -> None:
        self._project = project
        self._say = say
        self.aws = Emulator()
        self.interpreter = find_interpreter()

    def __enter__(self) -> Self:
        """Starts the emulator and deploys stage `local`, unchanged."""
        with ExitStack() as opening:
            opening.enter_context(self.aws)
            cdk = Cdk(self.aws.workspace, self._project)
            for start in (cdk.synth, lambda: cdk.bootstrap(self.aws_endpoint), lambda: cdk.deploy(self.aws_endpoint)):
                with start() as step:
                    finish(step, self._say)
            (stack,) = cdk.templates()
            described = self.aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
            self.outputs = {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self._open.close()

    @property
    def endpoint(self) -> str:
        """The URL at which the API is served."""
        return str(self.outputs["Endpoint"])

    @property
    def aws_endpoint(self) -> str:
        """The URL of every AWS service."""
        return self.aws.endpoint


def bootstrap(emulator: Emulator) -> None:
    """Creates the stack that the CDK needs in every account."""
    with Cdk(emulator.workspace).bootstrap(emulator.endpoint) as step:
        finish(step, print)


def finish(step: Step, say: Callable[[str], None]) -> None:
    """Waits for the end of a step, two minutes at most. Raises StepFailed."""
    try:
        step.process.wait(ATTEMPT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise StepFailed(f"{step.name} did not end within {ATTEMPT_SECONDS} s:\n{step.output()[-2000:]}") from error
    step.finished(say)


def resolve_localhost() -> None:
    """Lets this process find names below `.localhost` at the loopback address, as RFC 6761 wants it.

    The emulator's APIs have such names, and glibc alone does not know them.
    """
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        is_here = isinstance(host, str) and host.endswith(".localhost")
        return look_up("127.0.0.1" if is_here else host, *arguments, **options)

    socket.getaddrinfo = getaddrinfo


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
