"""Bytecode of the functions' runtime, compiled on any host: npm's pyodide is CPython in WebAssembly, which Node runs.

A function starts from bytecode: from sources, most of a cold start would be compiling. The result depends on the source
and its path alone, so it is kept by their hash and is the same on each machine.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from distributary.errors import BadDefinition

PYTHON = "3.14"
"""The functions' runtime, as in Lambda's `python3.14`."""
PYODIDE = "314.0.7"
"""The version of npm's pyodide that compiles; its first number is its Python, and `package.json` pins it."""

_PROGRAM = Path(str(resources.files("distributary_cdk") / "compile.mjs"))
_CHECKOUT = _PROGRAM.resolve().parents[2]  # also where an app links to its folders
_CANNOT = f"the functions' modules cannot be compiled for Python {PYTHON}"
_COMPILER_SECONDS = 300
"""Of all modules at once, which take less than ten on an idle machine."""
_found: dict[str, bytes] = {}
"""Bytecode by the path in a store, for this process: every function's asset has most modules in common."""

Files = Mapping[str, bytes]


class Module(NamedTuple):
    """A module of an asset: its path there and its source."""

    path: str
    source: bytes

    @property
    def stored(self) -> str:
        """The path of its bytecode in a store."""
        digest = hashlib.sha256(self.path.encode() + b"\0" + self.source).hexdigest()
        return f"bytecode-{PYODIDE}/{digest}.pyc"

    @property
    def place(self) -> str:
        """The path of its bytecode in the asset: https://peps.python.org/pep-3147/."""
        path = PurePosixPath(self.path)
        return str(path.parent / "__pycache__" / f"{path.stem}.cpython-{PYTHON.replace('.', '')}.pyc")


def modules_in(files: Files) -> list[Module]:
    """The modules among the files."""
    return [Module(path, source) for path, source in files.items() if path.endswith(".py")]


def with_bytecode(files: Files) -> dict[str, bytes]:
    """The files, and beside each module its bytecode, which `compile_once` has provided."""
    return {**files, **{module.place: _found[module.stored] for module in modules_in(files)}}


def compile_once(modules: Iterable[Module], stores: Sequence[Path]) -> None:
    """Provide the bytecode of these modules: from a store, else compiled and written to the last store.

    Raises BadDefinition where it cannot be compiled.
    """
    wanted = {module.stored: module for module in modules}
    for name in wanted.keys() - _found.keys():
        if content := _read(name, stores):
            _found[name] = content
    missing = {name: module for name, module in wanted.items() if name not in _found}
    for name, content in (_compile(missing) if missing else {}).items():
        _write(stores[-1] / name, content)
        _found[name] = content


def store(modules: Iterable[Module], folder: Path) -> None:
    """Write the bytecode of these modules, which `compile_once` has provided, into a new store."""
    for module in modules:
        _write(folder / module.stored, _found[module.stored])


def _read(name: str, stores: Sequence[Path]) -> bytes | None:
    for folder in stores:
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    return None


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing: another synthesis may read at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


def _compile(modules: Mapping[str, Module]) -> dict[str, bytes]:
    sys.stderr.write(f"Compiling {len(modules)} modules of the functions for Python {PYTHON} (once)\n")
    text = json.dumps({name: [path, base64.b64encode(source).decode()] for name, (path, source) in modules.items()})
    try:
        run = subprocess.run(
            ["node", _PROGRAM, _pyodide()],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            timeout=_COMPILER_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise BadDefinition([f"{_CANNOT}: pyodide has not ended after {_COMPILER_SECONDS} s"]) from error
    except OSError as error:
        raise BadDefinition([f"{_CANNOT}: Node does not run ({error})"]) from error
    except subprocess.CalledProcessError as error:
        raise BadDefinition([f"{_CANNOT}: pyodide ended with {error.stderr.strip()[-500:]}"]) from error
    answer = json.loads(run.stdout)
    if fault := answer.get("fault"):
        raise BadDefinition([f"{_CANNOT}: {fault}"])
    version = ".".join(map(str, answer["python"]))
    if version != PYTHON:
        raise BadDefinition([f"{_CANNOT}: pyodide {PYODIDE} compiles for {version}"])
    return {name: base64.b64decode(content) for name, content in answer["modules"].items()}


def _pyodide() -> Path:
    """The folder of the pinned pyodide: in the checkout, in the app's folder or in one above it."""
    for folder in _folders():
        package = folder / "node_modules" / "pyodide"
        described = package / "package.json"
        if described.is_file() and json.loads(described.read_text(encoding="utf-8"))["version"] == PYODIDE:
            return package
    run = "make setup" if (_CHECKOUT / "Makefile").is_file() else f"npm install pyodide@{PYODIDE}"
    raise BadDefinition([f"{_CANNOT}: there is no pyodide {PYODIDE}; run: {run}"])


def _folders() -> Iterator[Path]:
    here = Path.cwd()
    yield from (_CHECKOUT, here, *here.parents)
