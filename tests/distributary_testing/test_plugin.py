import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "test-with-iot-events.md"


CONFTEST = """
import sys

pytest_plugins = ["distributary_testing.plugin"]

def pytest_unconfigure():
    unwanted = {"aws_lambda_powertools", "moto", "aws_cdk", "distributary_cdk", "local"}
    print("imported:", sorted(unwanted & sys.modules.keys()))
"""


def test_the_pages_example_passes_as_it_stands(tmp_path) -> None:
    """In a project of its own, where nothing of ours is imported before pytest starts, and nothing but boto3 after."""
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "test_example.py").write_text(example)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    path = os.pathsep.join([str(ROOT), str(ROOT / "lambdas"), str(ROOT / "infra")])
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]

    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed" in ran.stdout, ran.stdout
    assert "imported: []" in ran.stdout


def test_the_options_fixture_is_what_the_mock_gets(iot_events, iot_events_options) -> None:
    """Without any, the defaults."""
    assert iot_events_options == {}
    assert iot_events.now.year == 2026


def test_pytest_finds_the_fixtures_where_the_package_is_installed() -> None:
    """The entry point names a module that exists, and what is installed is the engine and this package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert project["project"]["entry-points"]["pytest11"] == {"distributary_testing": "distributary_testing.plugin"}
    assert (ROOT / "distributary_testing" / "plugin.py").exists()
    assert "distributary_testing" in project["tool"]["setuptools"]["packages"]["find"]["include"]
