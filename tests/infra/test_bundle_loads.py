"""What each function loads at its start, which every cold start pays for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from any_settings import any_settings

from distributary_cdk.bundle import LAMBDAS, bundle, write
from distributary_cdk.function import environment_of

FOLDERS = sorted(path.parent.name for path in LAMBDAS.glob("*/handler.py"))
LOADED = json.loads(Path(__file__).with_name("loaded_modules.json").read_text())
CONFIGURATION = {
    "routes": [],
    "absent": [],
    "webhook_origins": [],
    "rules": [{"sinks": ["firehose", "kinesis", "iot_events"], "input": "telemetry"}],
    "inputs": {"telemetry": {"attributes": ["deviceId"]}},
    "readers": [],
    "models": [],
    "iot_rules": {},
    "debug": [],
    "switches": {"merge": False, "declared": None},
}
PROGRAM = """
import json, sys
sys.path[:0] = [{folder!r}]
import handler
files = {{name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}}
print(json.dumps(sorted(name for name, file in files.items() if file.startswith({folder!r}))))
"""


@pytest.fixture(scope="module", params=FOLDERS)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """A function, and what it loads of its asset when its handler is imported."""
    folder = tmp_path_factory.mktemp(request.param)
    write(bundle(LAMBDAS / request.param, CONFIGURATION), folder)
    region = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "PATH": os.environ["PATH"]}
    credentials = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM.format(folder=str(folder))],
        env={**environment_of(request.param, any_settings()), **region, **credentials},
        capture_output=True,
        text=True,
        check=True,
    )
    return request.param, json.loads(run.stdout)


def test_a_function_loads_no_more_modules_than_recorded(loaded: tuple[str, list[str]]) -> None:
    """A new one is a decision: measure the cold start (`make bench`), then write it down in loaded_modules.json."""
    function, modules = loaded
    own = [name.removeprefix("distributary.") for name in modules if name.startswith("distributary.")]

    assert own == LOADED[function]["library"]


def test_a_function_loads_no_more_packages_than_recorded(loaded: tuple[str, list[str]]) -> None:
    """The same for dependencies."""
    function, modules = loaded
    packages = {name.partition(".")[0] for name in modules} - {"distributary", "handler"}

    assert sorted(packages) == LOADED[function]["packages"]
