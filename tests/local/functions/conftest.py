"""Functions made on the spot: a source text becomes a deployment package, and what runs it ends with the test."""

import dataclasses
import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.functions import Functions, FunctionSpec

LIMITS = ("max_environments", "concurrency", "wait_seconds")


def package(source: str, **more: str) -> bytes:
    """A deployment package with `source` as its `handler.py`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in {"handler": source, **more}.items():
            archive.writestr(f"{name}.py", text)
    return file.getvalue()


def spec(source: str, **changes: object) -> FunctionSpec:
    """The function `work` with this source, deployed with a timeout of a minute."""
    deployed = FunctionSpec(
        name="work",
        arn="arn:aws:lambda:us-east-1:123456789012:function:work",
        handler="handler.handle",
        code=package(source),
        environment={"SETTING": "on"},
        timeout_seconds=60,
        memory_mb=256,
        log_group="/aws/lambda/work",
        revision="1",
    )
    return dataclasses.replace(deployed, **changes)


@pytest.fixture
def make():
    """Builders of packages and specs."""
    return SimpleNamespace(package=package, spec=spec)


@pytest.fixture
def deploy():
    """Deploys a source as the function `work`; what comes back invokes it with a Python value and keeps its log."""
    running = []

    def start(source: str, **changes: object) -> SimpleNamespace:
        limits = {name: changes.pop(name) for name in LIMITS if name in changes}
        deployed = SimpleNamespace(spec=spec(source, **changes), log=[], kept=[])
        deployed.functions = Functions(
            lambda name: {"work": deployed.spec}[name],
            environment={"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://localhost:1"},
            **limits,
            log=deployed.log.append,
            keep=lambda *event: deployed.kept.append(event),
        )
        running.append(deployed.functions)

        def call(event: object = None) -> object:
            deployed.invocation = deployed.functions.invoke("work", json.dumps(event).encode())
            return json.loads(deployed.invocation.payload)

        deployed.call = call
        return deployed

    yield start
    for functions in running:
        functions.close()


@pytest.fixture
def running():
    """Whether a thread of the process of that id lives: its first one may have ended before the others do."""

    def check(pid: int) -> bool:
        states = [state_of(thread) for thread in Path("/proc").glob(f"{pid}/task/*/stat")]
        return any(state != "Z" for state in states)

    def state_of(thread: Path) -> str:
        try:
            return thread.read_text().rpartition(")")[2].split()[0]
        except OSError:  # it ended meanwhile
            return "Z"

    return check
