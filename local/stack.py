"""The product on this machine inside one `with`: an AWS, the deployed stack, the gateway, functions, event sources."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from local import deployment, loopback
from local.aws import STREAM_MIB
from local.deployment import Cdk, aws_at
from local.event_sources import EventSource, EventSources, QueueClient
from local.faults import FaultLayer, Faults, read
from local.functions import CONCURRENCY, Functions, find_interpreter
from local.gateway import Gateway, read_keys
from local.iam.keys import AccessKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from local.functions import FunctionSpec, Invocation
    from local.gateway.answer import Answer
    from local.gateway.event import HttpRequest
    from local.iam.access import Access


class PortRefused(Exception):
    """A port that was asked for cannot be had; the message says why, and names the variable that chooses another."""


class LocalStack:
    """Runs inside `with`; port 0 takes a free one. Nothing of it is left when the block ends, however it ends.

    `endpoint` and `aws_endpoint` are URLs, `outputs` the deployed stack's. `project` is a folder with a cdk.json;
    `layers` wrap the embedded AWS (see `AwsServer`), outside of them stand the faults; `faults` are the tables of those
    that are set when everything is deployed; `jwks` is a file of the keys that JWTs are checked with; `concurrency` is
    how many requests of a function may be under way; `stream_mib` is what a stream holds in MiB until its oldest
    records end; `say` takes each line of progress and of the functions' logs, `observe` each request to the endpoint
    with its answer. `interpreter` is the Python that the functions run on.
    Raises BadFaults, BadKeys, BadInterpreter, RuntimeNotInstalled, PortRefused, StepFailed or NotCreated, whose
    messages are written for the user.
    """

    def __init__(
        self,
        port: int = 0,
        aws_port: int = 0,
        *,
        project: Path = deployment.PROJECT,
        layers: Sequence[Any] = (),
        faults: Mapping[str, Any] | None = None,
        jwks: Path | None = None,
        concurrency: int = CONCURRENCY,
        stream_mib: int = STREAM_MIB,
        say: Callable[[str], None] = print,
        observe: Callable[[HttpRequest, Answer], None] | None = None,
    ) -> None:
        self.outputs: dict[str, str] = {}
        self._ports = {"PORT": port, "AWS_PORT": aws_port}
        self._project = project
        self._wanted_faults = faults or {}
        read(self._wanted_faults)
        self._jwks = read_keys(jwks) if jwks else None
        self.keys = AccessKeys()
        self.interpreter = find_interpreter()
        self.faults = Faults()
        self._concurrency = concurrency
        self._stream_bytes = stream_mib * 1024**2
        self._layers = (*layers, FaultLayer(self.faults, self._kill_one))
        self._say = say
        self._observe = observe
        self._open = ExitStack()

    @property
    def endpoint(self) -> str:
        """The URL at which the API is served."""
        return f"http://localhost:{self._gateway.port}"

    @property
    def aws_endpoint(self) -> str:
        """The URL of every AWS service."""
        return self.aws.endpoint

    @property
    def access(self) -> Access:
        """What the embedded AWS allows its functions and services, and what was needed so far."""
        return self.aws.access

    def credentials(self, spec: FunctionSpec) -> dict[str, str]:
        """What Lambda gives a function's process: the environment variables of its role's temporary credentials."""
        return self.keys.of(spec.role, spec.name).variables

    def __enter__(self) -> Self:
        """Starts and deploys everything."""
        loopback.reach_directly()
        with ExitStack() as opening:
            opening.enter_context(ended_by_sigterm())
            self._start(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops everything."""
        self._open.close()

    def _start(self, opening: ExitStack) -> None:
        workspace = opening.enter_context(
            tempfile.TemporaryDirectory(prefix="distributary-", ignore_cleanup_errors=True)
        )
        opening.enter_context(without_aws_settings())
        cdk = Cdk(Path(workspace), self._project)
        synthesis = opening.enter_context(cdk.synth())
        from local.aws import cloud_watch, deployed, server, verification  # noqa: PLC0415 - moto loads meanwhile
        from local.aws.function_log import FunctionLogs  # noqa: PLC0415 - likewise
        from local.aws.route_permission import check_routes  # noqa: PLC0415 - likewise

        aws = server.AwsServer(
            run=self._run,
            api_endpoint=lambda: self.endpoint,
            port=self._ports["AWS_PORT"],
            layers=self._layers,
            keys=self.keys,
            stream_bytes=self._stream_bytes,
            say=self._say,
        )
        with self._naming_the_port("AWS_PORT"):
            self.aws = opening.enter_context(aws)
        self._functions = Functions(
            deployed.function,
            environment=aws_at(self.aws_endpoint),
            credentials=self.credentials,
            concurrency=self._concurrency,
            log=self._say,
            keep=FunctionLogs(self.aws.access).keep,
            interpreter=self.interpreter,
        )
        opening.callback(self._functions.close)
        self._gateway = Gateway(
            deployed.front,
            self._functions,
            port=self._ports["PORT"],
            keys=self._jwks,
            log=self._say,
            keep=cloud_watch.keep,
            observe=self._observe,
        )
        with self._naming_the_port("PORT"):
            self._gateway.start()
        opening.callback(self._gateway.close)
        self._say(f"  {self.interpreter}")
        self.outputs = deployment.deployed(cdk, synthesis, self.aws_endpoint, verification.verify, self._say)
        check_routes(deployed.front, self.access)
        sources = EventSources(partial(deployed.event_sources, self.aws_endpoint), self._functions, self._sqs_of)
        sources.start()
        opening.callback(sources.close)
        self.faults.put(self._wanted_faults)

    def _sqs_of(self, source: EventSource) -> QueueClient:
        key = self.keys.of(source.role, "event source")
        return QueueClient(self.aws_endpoint, deployment.REGION, key.id, key.token)

    def _run(self, name: str, payload: bytes) -> Invocation:
        return self._functions.invoke(name, payload)

    def _kill_one(self, name: str) -> int | None:
        return self._functions.kill_one(name)

    @contextlib.contextmanager
    def _naming_the_port(self, variable: str) -> Iterator[None]:
        port = self._ports[variable]
        try:
            yield
        except OverflowError as error:
            raise PortRefused(f"Port {port} does not exist: choose one up to 65535 with {variable}=…") from error
        except OSError as error:
            if error.errno not in _REFUSED:
                raise
            raise PortRefused(f"Port {port} {_REFUSED[error.errno]} with {variable}=…") from error


_REFUSED = {
    errno.EADDRINUSE: "is taken: choose another",
    errno.EACCES: "is for the administrator of this machine only: choose one from 1024 on",
}


@contextlib.contextmanager
def without_aws_settings() -> Iterator[None]:
    """Inside it, this process has none of the user's AWS settings: moto reads them, and an unknown profile ends it."""
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    former = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in former:
        del os.environ[name]
    os.environ.update(files)
    try:
        yield
    finally:
        for name in files:
            os.environ.pop(name, None)
        os.environ.update(former)


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Inside it, SIGTERM leaves the block as an exception does, so that what was started is stopped.

    A second SIGTERM changes nothing: `make` passes its own on, so one order to stop may arrive twice.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(128 + signal.SIGTERM)

    former = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
