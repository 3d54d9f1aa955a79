"""Processes of a test's own, which end with the test, also with one that fails.

`with subprocess.Popen(…)` waits at its end for as long as the process lives: a failed assertion inside it would never
be shown, and the run would hang.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
_END_SECONDS = 60


@contextmanager
def killed_process(command: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Runs until the block ends, then is killed; `options` are those of `subprocess.Popen`."""
    with subprocess.Popen(command, text=True, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def own_process(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None, *, root: Path = ROOT
) -> Iterator[subprocess.Popen[str]]:
    """Runs until the block ends; `log` takes its errors. `environment` is by default ours and the project's path.

    One that does not end with its input fails the test: nothing here waits without an end.
    """
    ours = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'lambdas'}:{ROOT / 'infra'}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with log.open("w") as errors:
        process = subprocess.Popen(command, cwd=root, env=environment or ours, stderr=errors, **pipes)
    with process:
        try:
            yield process
        finally:
            process.stdin.close()
            _await_end(process, log)


def _await_end(process: subprocess.Popen[str], log: Path) -> None:
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"still runs {_END_SECONDS} s after the end of its input:\n{log.read_text()[-4000:]}")
