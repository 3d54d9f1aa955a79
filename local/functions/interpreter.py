"""Which Python the functions run on: the version that Lambda runs, where this machine has it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

LAMBDA = "3.14"
"""The version that the functions run on in AWS: `PYTHON` of infra/distributary_cdk/bytecode.py."""

VARIABLE = "FUNCTIONS_PYTHON"
_ASK = "import sys; print(sys._base_executable); print(*sys.version_info[:3], sep='.')"


class BadInterpreter(Exception):
    """FUNCTIONS_PYTHON is no Python; the message says what it was found to be."""


@dataclass(frozen=True)
class Interpreter:
    """A Python: the path of its executable, behind any virtual environment, and its version (`3.14.8`)."""

    path: str
    version: str

    @property
    def series(self) -> str:
        """The version without its last number: `3.14`."""
        return self.version.rpartition(".")[0]

    @property
    def is_own(self) -> bool:
        """Whether packages that are installed for this process run on it too."""
        return self.series == f"{sys.version_info.major}.{sys.version_info.minor}"

    def __str__(self) -> str:
        """For the user, with a warning where it is another than Lambda's."""
        words = f"functions run on Python {self.version} ({self.path})"
        if self.series == LAMBDA:
            return words
        return f"WARNING: {words}; in AWS it is {LAMBDA}: install python{LAMBDA}, or set {VARIABLE}=<path of one>"


def find_interpreter() -> Interpreter:
    """The Python that FUNCTIONS_PYTHON names; else one of Lambda's version, on PATH or known to uv; else this one.

    Raises BadInterpreter.
    """
    if chosen := os.environ.get(VARIABLE):
        found = _ask(chosen)
        if found is None:
            raise BadInterpreter(f"{VARIABLE}={chosen} does not run as a Python: name the path of a python{LAMBDA}")
        return found
    known = (found for path in _known() if (found := _ask(path)) and found.series == LAMBDA)
    return next(known, None) or _own()


def _known() -> Iterator[str]:
    """Paths at which Lambda's version may be; a shim of a version manager may stand for a version that it lacks."""
    if path := shutil.which(f"python{LAMBDA}"):
        yield path
    if shutil.which("uv"):
        asked = ["uv", "python", "find", "--no-project", "--no-python-downloads", "--quiet", LAMBDA]
        yield from subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines()


def _ask(path: str) -> Interpreter | None:
    """The Python at that path, or None where there is none."""
    try:
        answer = subprocess.run([path, "-I", "-S", "-c", _ASK], capture_output=True, text=True, timeout=30, check=True)
        return Interpreter(*answer.stdout.splitlines())
    except (OSError, subprocess.SubprocessError, TypeError):
        return None


def _own() -> Interpreter:
    version = ".".join(map(str, sys.version_info[:3]))
    return Interpreter(sys._base_executable, version)  # type: ignore[attr-defined] # noqa: SLF001 - the interpreter behind the virtual environment has no other name
