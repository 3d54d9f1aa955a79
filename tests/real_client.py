"""Clients that are programs: a test whose client is missing fails, and says how to install it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
TIMEOUT_SECONDS = 120


def must_exist(path: Path) -> Path:
    """The path of something that `make clients` installs. Fails the test where it is not there."""
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is missing: `make clients` installs what this test runs")
    return path


def installed(program: str, packages: str) -> str:
    """The path of a program of Debian's. Fails the test where it is not installed, with the command to type."""
    found = shutil.which(program)
    if found is None:
        pytest.fail(f"{program} is missing: apt-get install {packages}")
    return found


def json_from(command: Sequence[str], environment: Mapping[str, str]) -> Any:
    """The JSON that a client printed. Fails the test with its words where it ended with an error."""
    finished = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)
