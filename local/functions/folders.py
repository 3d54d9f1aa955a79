"""What a function's process finds on disk: its extracted deployment package, and awslambdaric with what it needs."""

import contextlib
import hashlib
import io
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

from local.functions.interpreter import Interpreter

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
OLDER_REQUIREMENTS = Path(__file__).with_name("requirements-older.txt")
"""What the functions' code takes from the standard library of 3.14, for an older Python."""


class RuntimeNotInstalled(Exception):
    """awslambdaric could not be installed for the functions' Python; the message holds pip's own reason."""


class Folders:
    """The task root of each deployment package and the one runtime folder, below `root`; made when first asked for.

    The functions run on `interpreter`.
    """

    def __init__(self, root: Path, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self._root = root
        self._lock = threading.Lock()

    def task_root(self, code: bytes) -> Path:
        """The folder that holds the extracted zip `code`; the same code is extracted once."""
        folder = self._root / "task" / hashlib.sha256(code).hexdigest()[:16]
        with self._lock:
            if not folder.exists():
                folder.mkdir(parents=True)
                with zipfile.ZipFile(io.BytesIO(code)) as package:
                    package.extractall(folder)
        return folder

    def runtime(self) -> Path:
        """The folder that holds awslambdaric and what it requires, for the functions' Python, and no other package.

        For an older Python than Lambda's it holds what that lacks of the standard library too.

        Where that is this Python too, these are links to what is installed. Raises RuntimeNotInstalled.
        """
        if not self.interpreter.is_own:
            return installed_for(self.interpreter.series)
        folder = self._root / "runtime"
        with self._lock:
            if not folder.exists():
                folder.mkdir(parents=True)
                names = ["awslambdaric", *(["backports.zstd"] if _is_older(self.interpreter.series) else [])]
                for entry in set[Path]().union(*map(_entries, names)):
                    (folder / entry.name).symlink_to(entry)
        return folder


def installed_for(series: str) -> Path:
    """The folder that holds awslambdaric for a Python of that version: installed once, below the project's `build`."""
    pinned = [REQUIREMENTS, *([OLDER_REQUIREMENTS] if _is_older(series) else [])]
    version = hashlib.sha256(b"".join(file.read_bytes() for file in pinned)).hexdigest()[:16]
    kept = ROOT / "build" / f"awslambdaric-{version}-python{series}"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            _install(series, pinned, Path(scratch, "packages"))
            with contextlib.suppress(OSError):  # another process may have been quicker; its result is the same
                Path(scratch, "packages").rename(kept)
    return kept


def _is_older(series: str) -> bool:
    return tuple(map(int, series.split("."))) < (3, 14)


def _install(series: str, files: Sequence[Path], target: Path) -> None:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
    ]
    pinned = ["--require-hashes", *(f"--requirement={file}" for file in files)]
    pinned += ["--only-binary=:all:", f"--python-version={series}"]
    done = subprocess.run([*pip, *pinned, f"--target={target}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeNotInstalled(f"awslambdaric could not be installed for Python {series}:\n{done.stderr.strip()}")


def _entries(name: str) -> set[Path]:
    """The top-level modules and packages of an installed distribution and of all that it requires."""
    installed = distribution(name)
    tops = {file.parts[0] for file in installed.files or () if file.suffix in {".py", ".so"}}
    found = {Path(str(installed.locate_file(top))) for top in tops - {".."}}
    for requirement in installed.requires or ():
        if "extra ==" not in requirement:
            found |= _entries(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
    return found
