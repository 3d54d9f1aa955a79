"""A wheel in an empty environment, and the app of docs/how-to/embed-the-construct.md in a folder of its own."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from embedded_client import embedded_client
from own_process import own_process

from commands.key_ring import KeyRing, bearer
from commands.post import request
from commands.release import build_packages
from commands.stage import StageNotFoundError, _of_construct
from distributary.access.key import for_everything

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs/how-to/embed-the-construct.md"
REGISTRIES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "npm_config_registry", "HTTPS_PROXY", "https_proxy")
RUN = """
import sys, threading
from pathlib import Path
from local.stack import LocalStack
with LocalStack(project=Path(sys.argv[1]), say=lambda line: print(line, file=sys.stderr)) as stack:
    print(stack.aws_endpoint, stack.endpoint, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of an environment that has the wheel, its CDK, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    build_packages(folder / "dist")
    [wheel] = (folder / "dist").glob("*.whl")
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, folder / "env"], check=True)
    python = folder / "env/bin/python"
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, f"{wheel}[cdk]"], check=True)
    return python


@pytest.fixture(scope="module")
def app(python, tmp_path_factory):
    """A folder with the app of the page."""
    folder = tmp_path_factory.mktemp("plant")
    [code] = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)
    (folder / "app.py").write_text(code)
    # Without our PYTHONPATH, or Python would find this checkout first; with no registry, and no cache of before.
    alone = [f"XDG_CACHE_HOME={folder / 'cache'}", *(f"{name}=http://127.0.0.1:9" for name in REGISTRIES)]
    (folder / "cdk.json").write_text(
        json.dumps({"app": shlex.join(["env", "-u", "PYTHONPATH", *alone, str(python), "app.py"])})
    )
    return folder


@pytest.fixture(scope="module")
def running(app, tmp_path_factory):
    """The URLs of the embedded AWS and of the endpoint, once the app is deployed."""
    errors = tmp_path_factory.mktemp("log") / "errors.txt"
    with own_process([sys.executable, "-c", RUN, str(app)], errors) as process:
        urls = process.stdout.readline().split()
        assert len(urls) == 2, errors.read_text()[-4000:]
        yield urls


def test_the_app_is_short():
    """Fifteen lines or so, the blank ones aside."""
    [code] = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)

    assert len([line for line in code.splitlines() if line]) <= 15


def test_an_event_reaches_the_stream_that_was_brought_along(running):
    """Through the deployed construct, with a key that the commands made for it."""
    aws, endpoint = running
    stage = _of_construct("plant", "Events", aws)
    key, secret = KeyRing(stage).create(for_everything("tests"))

    answer = request(
        endpoint,
        "POST",
        "/v1/events",
        headers={**bearer(key.id, secret), "content-type": "application/json"},
        body=b'{"deviceId": "pump-7"}',
    )

    assert (answer.status, stage.name) == (202, "plant-Events")
    kinesis = embedded_client(aws, "kinesis")
    shards = kinesis.list_shards(StreamName=stage.outputs["StreamName"])["Shards"]
    iterators = [
        kinesis.get_shard_iterator(
            StreamName=stage.outputs["StreamName"], ShardId=one["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for one in shards
    ]
    records = [record for one in iterators for record in kinesis.get_records(ShardIterator=one)["Records"]]
    assert [json.loads(record["Data"])["data"] for record in records] == [{"deviceId": "pump-7"}]


def test_a_construct_that_is_not_there_is_named(running):
    """With those that the stack has."""
    with pytest.raises(StageNotFoundError, match=r"plant has no construct 'Audit'; it has Events"):
        _of_construct("plant", "Audit", running[0])


def test_nothing_is_written_into_the_package(running, app, python):
    """Nor is anything installed or compiled: the wheel has it all. Python's own compiled files apart."""
    assert not (app / "cache").exists()
    code = "import distributary_cdk, pathlib; print(pathlib.Path(distributary_cdk.__file__).parents[1])"
    folder = Path(subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip())
    recorded = {
        line.split(",")[0] for line in next(folder.glob("distributary-*.dist-info/RECORD")).read_text().splitlines()
    }

    found = {
        path.relative_to(folder).as_posix()
        for part in ("distributary", "distributary_cdk")
        for path in (folder / part).rglob("*")
        if path.is_file()
    }
    assert {name for name in found if "__pycache__" not in name} <= recorded
