"""The stack, deployed once for all tests of this folder, and real clients for its APIs."""

import json
import os
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from chaos.orders import Orders
from exchanges import Exchanges

from commands.key_ring import KeyRing, bearer
from commands.post import Answer, request
from commands.stage import Stage
from distributary.access.key import for_everything
from local.stack import LocalStack

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "lambdas" / "distributary" / "aws" / "service_models"
PATIENCE_SECONDS = 60
LAST = [Path(__file__).with_name(name) for name in ("test_permissions.py", "test_contract.py")]
LEFT_OUT = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is said of all deployed tests is said after them: in one worker of xdist, too, tests keep this order."""
    items.sort(key=lambda item: item.path in LAST)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remembers that some deployed tests do not run, for what is said of all of them."""
    if any(Path(__file__).parent in item.path.parents for item in items):
        items[0].config.stash[LEFT_OUT] = True


@pytest.fixture(scope="session")
def logs() -> list[str]:
    """What the stack said: its start, then each line of the functions' logs."""
    return []


@pytest.fixture(scope="session")
def exchanges() -> Exchanges:
    """Every request to the endpoint, judged by the OpenAPI document."""
    return Exchanges()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its samples, and the detector models of tests/deployed/models as its own."""
    folder = tmp_path_factory.mktemp("project")
    (ROOT / "build").mkdir(exist_ok=True)
    for name in ("build", "infra", "lambdas", "examples", "cdk.json", "distributary.toml"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "app.py", folder)  # Python looks for modules where a script really is
    (folder / "detectors").mkdir()
    for model in Path(__file__).parent.glob("models/*.json"):
        (folder / "detectors" / model.name).symlink_to(model)
    return folder


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Refuses the second start of a stack in one run of the tests: what shares it is in one worker."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        (tmp_path_factory.getbasetemp().parent / "a-stack-was-deployed").touch(exist_ok=False)


@pytest.fixture(scope="session")
def local(once: None, logs: list[str], project: Path, exchanges: Exchanges) -> Iterator[LocalStack]:
    """The running stack."""

    def say(line: str) -> None:
        logs.append(line)
        sys.stdout.write(f"{line}\n")

    with LocalStack(port=0, aws_port=0, project=project, say=say, observe=exchanges.append) as stack:
        yield stack


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> None:
    """Skips, with the reason, what says something of all tests of this folder where only some of them run."""
    chosen = {item.path for item in request.session.items}
    missing = sorted(path.name for path in Path(__file__).parent.rglob("test_*.py") if path not in chosen)
    if missing or request.config.stash.get(LEFT_OUT, ()):
        without = ", ".join(missing) or "those that an option left out"
        pytest.skip(f"only some of the deployed tests run; without {without}")


@pytest.fixture(scope="session")
def stage(local: LocalStack) -> Stage:
    """The stack as commands see it."""
    return Stage("local", local.outputs, local.aws_endpoint)


@pytest.fixture(scope="session")
def credential(stage: Stage) -> tuple[str, str]:
    """Id and secret of a key for everything."""
    key, secret = KeyRing(stage).create(for_everything("tests"))
    return key.id, secret


@pytest.fixture
def since() -> datetime:
    """A moment before anything that the test does; streams keep milliseconds, S3 whole seconds."""
    return datetime.now(UTC) - timedelta(seconds=1)


class Http:
    """Requests to the endpoint with exactly the given headers, and those that let them in."""

    def __init__(self, endpoint: str, credential: Mapping[str, str]) -> None:
        self.endpoint = endpoint
        self.credential = credential

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """`content_type="…"` becomes the header `content-type`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(self.endpoint, method, path, headers={**self.credential, **named}, body=body)


@pytest.fixture(scope="session")
def http(stage: Stage, credential: tuple[str, str]) -> Http:
    """Plain HTTP, with a key."""
    return Http(stage.endpoint, bearer(*credential))


@pytest.fixture(scope="session")
def anonymous(stage: Stage) -> Http:
    """Plain HTTP, as somebody without a key."""
    return Http(stage.endpoint, {})


def client(
    service: str, endpoint: str, credential: tuple[str, str], session: boto3.Session | None = None, **config: Any
) -> Any:
    """A boto3 client as a user makes it: with an endpoint, and one attempt, so that nothing is hidden."""
    return (session or boto3).client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=credential[0],
        aws_secret_access_key=credential[1],
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}, **config),
    )


@pytest.fixture(scope="session")
def firehose(stage: Stage, credential: tuple[str, str]) -> Any:
    """boto3's Firehose client, pointed at the endpoint."""
    return client("firehose", stage.endpoint, credential)


@pytest.fixture(scope="session")
def kinesis(stage: Stage, credential: tuple[str, str]) -> Any:
    """boto3's Kinesis client, pointed at the endpoint."""
    return client("kinesis", stage.endpoint, credential)


def with_our_model() -> boto3.Session:
    """A boto3 session that knows `iotevents-data`."""
    session = botocore.session.get_session()
    session.get_component("data_loader").search_paths.append(str(MODELS))
    return boto3.Session(botocore_session=session)


@pytest.fixture(scope="session")
def iotevents(stage: Stage, credential: tuple[str, str]) -> Any:
    """boto3 with our service model, pointed at the endpoint."""
    return client("iotevents-data", stage.endpoint, credential, with_our_model())


@pytest.fixture(scope="session")
def iotevents_of() -> Callable[[str, tuple[str, str]], Any]:
    """Makes boto3 with our service model, for an endpoint and a key."""
    session = with_our_model()
    return lambda endpoint, key: client("iotevents-data", endpoint, key, session)


@pytest.fixture(scope="session")
def unchecked(stage: Stage, credential: tuple[str, str]) -> Any:
    """The same without botocore's own check of parameters, so that the service's answer is seen."""
    return client("iotevents-data", stage.endpoint, credential, with_our_model(), parameter_validation=False)


@pytest.fixture(scope="session")
def settle(http: Http, stage: Stage) -> Callable[[], str]:
    """Waits until no sink is left alone because it has failed and nothing waits to be redriven; an event's id.

    The event went to all three sinks: its success is the last that the circuit breakers have seen.
    """

    def settled() -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = http("POST", "/v1/events", b'{"deviceId":"settles"}', content_type="application/json")
            if answer.status == 202 and b"spilled" not in answer.body and not Orders(stage).waiting():
                return str(json.loads(answer.body)["events"][0]["id"])
            assert time.monotonic() < deadline, answer.body
            time.sleep(0.2)

    return settled


@pytest.fixture
def faults(stage: Stage, settle: Callable[[], str]) -> Iterator[Callable[..., None]]:
    """Sets faults by name: `faults(kinesis={"operation": …})`; when the test ends there is none, nor any trace."""
    url = f"{stage.aws_endpoint}/_distributary/faults"

    def order(method: str, faults: dict[str, Any] | None = None) -> None:
        body = json.dumps(faults).encode() if faults is not None else None
        with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=60):
            pass

    yield lambda **tables: order("PUT" if tables else "DELETE", tables or None)
    order("DELETE")
    settle()


@pytest.fixture(scope="session")
def wait() -> Callable[[Callable[[], Any]], Any]:
    """Looks until it sees something, and gives that; what it saw last where it sees nothing for long."""

    def until(look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (seen := look()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return seen

    return until
