"""The code of docs/how-to/clients, run by the real clients: each event that it sends arrives."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from arrived import delivered_lines, every_record
from real_client import ROOT, TIMEOUT_SECONDS, installed, must_exist
from snippets import snippet

from commands.read_back import journal_payloads, wait_for

CLIENTS = ROOT / "build/clients"
GO_SDK = Path("/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2/service/kinesis")
# A build of the SDK's packages from nothing, on a busy machine.
GO_SECONDS = 600


@pytest.fixture
def device() -> str:
    """A device that no other test knows."""
    return f"d{uuid.uuid4().hex}"


@pytest.fixture
def code(stage, credential, device) -> Callable[[str, str], str]:
    """A page's code for the deployed stage, its key and this device."""
    key = ".".join(credential)
    return lambda page, name: snippet(page, name, endpoint=stage.endpoint, key=key, device=device)


@pytest.fixture
def run(credential, tmp_path) -> Callable[..., str]:
    """Runs a program with the key in its environment, and gives what it printed. Fails the test where it fails."""
    surroundings = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": credential[0],
        "AWS_SECRET_ACCESS_KEY": credential[1],
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def running(*command: str | Path, cwd: Path = ROOT, seconds: int = TIMEOUT_SECONDS, **environment: str) -> str:
        given = {**surroundings, **environment}
        done = subprocess.run(command, cwd=cwd, env=given, capture_output=True, text=True, timeout=seconds, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return running


@pytest.fixture
def python(run, tmp_path) -> Callable[..., str]:
    """Runs Python code with the packages of a folder before the project's own."""

    def running(text: str, packages: Path | None = None, **environment: str) -> str:
        script = tmp_path / "snippet.py"
        script.write_text(text)
        return run(sys.executable, script, **environment, **({"PYTHONPATH": str(packages)} if packages else {}))

    return running


def streamed(stage, device: str, count: int = 1) -> list[bytes]:
    """The records of that device in the stream, in their order, once there are so many."""
    return once_there(count, lambda: (one["Data"] for one in every_record(stage)), device)


def lines(stage, device: str) -> list[bytes]:
    """The lines of that device in the bucket, once there is one."""
    return once_there(1, lambda: delivered_lines(stage), device)


def once_there(count: int, read: Callable[[], Iterable[bytes]], device: str) -> list[bytes]:
    """Those of what `read` gives that name the device, once there are so many."""

    def found() -> dict[str, bytes]:
        return {str(number): one for number, one in enumerate(one for one in read() if device.encode() in one)}

    return [*wait_for([str(number) for number in range(count)], found, seconds=60).values()]


def data_of(records: list[bytes]) -> list[dict]:
    """What the events that `/v1/events` stored hold."""
    return [json.loads(one)["data"] for one in records]


def variables(text: str) -> dict[str, str]:
    """The environment that a shell's `export` lines make."""
    return dict(re.findall(r"^export (\w+)=(\S+)$", text, re.MULTILINE))


def test_boto3_takes_the_endpoint_from_the_environment(code, python, stage, device) -> None:
    """Neither client of the code knows where it writes."""
    exported = variables(code("python", "environment"))
    python(code("python", "boto3"), **exported)

    assert set(exported) == {"AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL_FIREHOSE"}
    assert streamed(stage, device) == [b'{"deviceId":"%s"}' % device.encode()]
    assert lines(stage, device) == [b'{"deviceId":"%s"}' % device.encode()]


def test_boto3_takes_the_endpoint_from_a_profile(code, python, stage, device, tmp_path) -> None:
    """The profile's `services`, without a change of the code."""
    (tmp_path / "config").write_text(code("python", "profile"))

    python(code("python", "boto3"), AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_PROFILE="events")

    assert streamed(stage, device)
    assert lines(stage, device)


def test_boto3_with_an_endpoint(code, python, stage, device) -> None:
    """`endpoint_url` in the code."""
    python(code("python", "endpoint"))

    assert streamed(stage, device)


def test_aioboto3(code, python, stage, device) -> None:
    """The asynchronous client, of the botocore that it pins."""
    python(code("python", "aioboto3"), must_exist(CLIENTS / "python"))

    assert streamed(stage, device)


@pytest.mark.parametrize(("page", "by_cli"), [("python", False), ("aws-cli", True)])
def test_iot_events_with_our_service_model(code, python, run, stage, device, *, tmp_path, page, by_cli) -> None:
    """BatchPutMessage reaches the input, by boto3 and by the AWS CLI."""
    if by_cli:
        run("bash", "-ec", code(page, "iotevents"), PATH=version_1(tmp_path))
    else:
        python(code(page, "iotevents"))

    wait_for(
        [device],
        lambda: {one["deviceId"]: one for one in journal_payloads(stage).values() if "deviceId" in one},
        seconds=60,
    )


def version_1(folder: Path) -> str:
    """A PATH on which `aws` is version 1, the project's own; what else is in the folder counts first."""
    return os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])


def version_2(folder: Path) -> str:
    """A PATH on which `aws` is version 2, as Debian has it."""
    program = installed("/usr/bin/aws", "awscli")
    (folder / "aws").symlink_to(program)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("name", "path_of", "said"), [("version1", version_1, "aws-cli/1."), ("version2", version_2, "aws-cli/2.")]
)
def test_the_aws_cli(code, run, stage, device, *, tmp_path, name, path_of, said) -> None:
    """Each command of its version's part."""
    path = path_of(tmp_path)

    assert run("aws", "--version", PATH=path).startswith(said)
    run("bash", "-ec", code("aws-cli", name), PATH=path)

    assert [json.loads(one)["n"] for one in streamed(stage, device, 2)] == [1, 2]
    assert lines(stage, device)


def test_curl_with_a_key(code, run, stage, device) -> None:
    """The first command that anybody tries."""
    receipt = json.loads(run("bash", "-ec", code("curl", "key")))

    assert receipt["accepted"] == 1
    assert data_of(streamed(stage, device)) == [{"deviceId": device, "temperature": 21.5}]


def test_curl_signs(code, run, stage, device) -> None:
    """`--aws-sigv4` for the AWS-compatible API."""
    answer = json.loads(run("bash", "-ec", code("curl", "sigv4")))

    assert answer["SequenceNumber"].isdigit()
    assert streamed(stage, device) == [b'{"deviceId":"%s","by":"curl"}' % device.encode()]


def script(folder: Path, text: str) -> Path:
    """The code as a module beside the packages that it imports."""
    (folder / "node_modules").symlink_to(must_exist(ROOT / "tests/deployed/clients/javascript/node_modules"))
    (folder / "snippet.mjs").write_text(text)
    return folder / "snippet.mjs"


def test_the_sdk_for_javascript(code, run, stage, device, tmp_path) -> None:
    """Both clients, over plain HTTP."""
    run("node", script(tmp_path, code("javascript", "sdk")))

    assert streamed(stage, device)
    assert lines(stage, device)


def test_the_sdk_for_java(code, run, stage, device, tmp_path) -> None:
    """The client as it comes."""
    jars = must_exist(CLIENTS / "java/amazon_kclpy/jars")
    (tmp_path / "Events.java").write_text(code("java", "sdk"))

    run("java", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}{os.sep}*", tmp_path / "Events.java")

    assert streamed(stage, device)


def test_the_sdk_for_go(code, run, stage, device, tmp_path) -> None:
    """As Debian packages it: built from its sources, without modules."""
    go = installed("go", "golang-go golang-github-aws-aws-sdk-go-v2-dev")
    if not GO_SDK.exists():
        pytest.fail("the AWS SDK for Go is missing: apt-get install golang-github-aws-aws-sdk-go-v2-dev")
    (tmp_path / "events.go").write_text(code("go", "sdk"))

    building = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(CLIENTS / "go"), "GOFLAGS": "-p=1"}
    run(go, "build", "-o", tmp_path / "events", tmp_path / "events.go", seconds=GO_SECONDS, **building)
    run(tmp_path / "events")

    assert streamed(stage, device)


def test_k6(code, run, stage, device, tmp_path) -> None:
    """The page's script beside our module."""
    shutil.copy(ROOT / "examples/k6/distributary.js", tmp_path)
    (tmp_path / "script.js").write_text(code("k6", "script"))

    run(must_exist(CLIENTS / "k6/bin/k6"), "run", "--no-usage-report", "--quiet", tmp_path / "script.js")

    assert streamed(stage, device)


def test_cloudevents_for_python(code, python, stage, device) -> None:
    """Binary and structured mode carry the same event, so what lands is the same to the byte."""
    python(code("cloudevents", "python"), must_exist(CLIENTS / "python"))

    first, second = streamed(stage, device, 2)
    event = json.loads(first)
    assert first == second
    assert (event["source"], event["type"]) == ("plant-1", "reading")
    assert event["data"] == {"deviceId": device, "temperature": 21.5}


def test_cloudevents_for_javascript(code, run, stage, device, tmp_path) -> None:
    """Binary and structured mode carry the same event."""
    run("node", script(tmp_path, code("cloudevents", "javascript")))

    first, second = (json.loads(one) for one in streamed(stage, device, 2))
    assert first["data"] == second["data"] == {"deviceId": device, "temperature": 21.5}
    assert (first["id"], first["source"], first["type"]) == (second["id"], "plant-1", "reading")
