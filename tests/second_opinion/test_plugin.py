import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from own_process import killed_process

ROOT = Path(__file__).parents[2]
LEFT_OUT = tomllib.loads((ROOT / "second_opinion" / "left_out.toml").read_text())
SOURCES = "\n".join(file.read_text() for file in (ROOT / "tests" / "deployed").rglob("*.py"))
DEFINED = set(re.findall(r"^def (\w+)\(", SOURCES, re.MULTILINE))


@pytest.mark.parametrize("name", [*LEFT_OUT["fixtures"], *LEFT_OUT["tests"], *LEFT_OUT["fails"]])
def test_what_is_left_out_exists(name) -> None:
    """A test or a fixture that was renamed would be tried again without a word."""
    assert name in DEFINED


@pytest.mark.parametrize("name", LEFT_OUT["modules"])
def test_each_module_that_is_left_out_exists(name) -> None:
    """Likewise."""
    assert list((ROOT / "tests" / "deployed").rglob(name))


@pytest.mark.parametrize("table", LEFT_OUT)
def test_all_that_is_left_out_has_its_reason(table) -> None:
    """In words."""
    assert all(len(reason.split()) > 3 for reason in LEFT_OUT[table].values())


WAITING = """
import pathlib, pytest, time

@pytest.fixture(scope="session")
def emulator():
    pathlib.Path("started").touch()
    yield
    pathlib.Path("ended").touch()

def test_it_waits(emulator):
    time.sleep(60)
"""


def test_a_run_that_is_ended_from_outside_ends_the_emulator(tmp_path) -> None:
    """By its fixture, as after the last test: the emulator is a process that would outlive the run."""
    (tmp_path / "test_waiting.py").write_text(WAITING)
    python_path = os.pathsep.join([str(ROOT), str(ROOT / "lambdas")])
    with killed_process(
        [sys.executable, "-m", "pytest", "-q", "-p", "second_opinion.plugin", "test_waiting.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": python_path},
        stdout=subprocess.DEVNULL,
    ) as run:
        deadline = time.monotonic() + 60
        while not (tmp_path / "started").exists() and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        run.terminate()
        run.wait(60)

    assert (tmp_path / "ended").exists()
