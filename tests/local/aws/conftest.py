"""An embedded AWS that all tests of this folder share, and the way to deploy a template into it."""

import base64
import itertools
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from embedded_client import embedded_client
from own_process import own_process

SERVED = Path(__file__).with_name("served.py")
ROOT = Path(__file__).parents[3]
NUMBERS = itertools.count(1)


class Aws:
    """The embedded AWS in its own process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.endpoint: str = self.hear()

    def hear(self) -> Any:
        """The next value from the process; raises it if it is an error."""
        line = self.process.stdout.readline()
        value = pickle.loads(base64.b64decode(line))  # noqa: S301 - from our own process
        if isinstance(value, Exception):
            raise value
        return value

    def inside(self, expression: str) -> Any:
        """What the expression gives in that process, over `aws`, `deployed`, `verification`, `ran`."""
        self.process.stdin.write(json.dumps(expression) + "\n")
        self.process.stdin.flush()
        return self.hear()

    def client(self, service: str) -> Any:
        """A boto3 client of it."""
        return embedded_client(self.endpoint, service)


@pytest.fixture(scope="session")
def errors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that takes what the embedded AWS prints."""
    return tmp_path_factory.mktemp("aws") / "errors.txt"


@pytest.fixture(scope="session")
def aws(errors: Path) -> Iterator[Aws]:
    """The embedded AWS, which checks nobody's rights."""
    with serving(errors) as served:
        yield served


@pytest.fixture(scope="session")
def checked(errors: Path) -> Iterator[Aws]:
    """Another one, which checks roles and services as AWS does."""
    with serving(errors.with_name("checked.txt"), "checked") as served:
        yield served


@contextmanager
def serving(errors: Path, *arguments: str) -> Iterator[Aws]:
    """The embedded AWS in a process of its own."""
    alone = {"PYTHONPATH": str(ROOT), "PATH": ""}
    with own_process([sys.executable, str(SERVED), *arguments], errors, alone) as process:
        yield Aws(process)


class Stack:
    """A stack of one test, deployed by change sets as the CDK CLI does."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.client = aws.client("cloudformation")
        self.name = f"Test{next(NUMBERS)}"
        self.kind = "CREATE"
        self.parameters: list[dict[str, Any]] = []

    def deploy(self, resources: dict[str, Any], outputs: dict[str, Any] | None = None, **more: Any) -> dict[str, str]:
        """The values of the outputs; `outputs` gives the value of each by name."""
        template = {"Resources": resources, "Outputs": {key: {"Value": one} for key, one in (outputs or {}).items()}}
        change = f"change{next(NUMBERS)}"
        self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=change,
            ChangeSetType=self.kind,
            Parameters=self.parameters,
            TemplateBody=json.dumps(template | more),
        )
        self.client.execute_change_set(StackName=self.name, ChangeSetName=change)
        self.kind = "UPDATE"
        stack = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        self.status, self.id = stack["StackStatus"], stack["StackId"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    def events(self) -> list[tuple[str, str]]:
        """Logical id and status of every event, in order; the stack's own id is its name."""
        return [(one["LogicalResourceId"], one["ResourceStatus"]) for one in self._events()]

    def reasons(self, status: str = "CREATE_FAILED") -> dict[str, str]:
        """Why resources, or the stack, came to that status, by logical id."""
        return {
            one["LogicalResourceId"]: one.get("ResourceStatusReason", "")
            for one in self._events()
            if one["ResourceStatus"] == status
        }

    def _events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.describe_stack_events(StackName=self.id)["StackEvents"]
        return found[::-1]

    def delete(self) -> str:
        """Deletes it; its status."""
        self.client.delete_stack(StackName=self.name)
        self.status = self.client.describe_stacks(StackName=self.id)["Stacks"][0]["StackStatus"]
        if self.status == "DELETE_COMPLETE":
            self.kind = "CREATE"
        return str(self.status)


@pytest.fixture
def stack(aws: Aws) -> Stack:
    """A stack that does not exist yet."""
    return Stack(aws)


@pytest.fixture(scope="session")
def role(aws: Aws) -> str:
    """The ARN of a role that functions and delivery streams can have."""
    made = aws.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    arn: str = made["Role"]["Arn"]
    return arn


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Names that no other test uses."""
    return lambda name: f"{name}-{next(NUMBERS)}"


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads that take turns a thousand times as often as usual, so that a race shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)
