"""What a function's asset holds, by allow-list: its folder, the library, pinned dependencies and the configuration."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from distributary.errors import BadDefinition
from distributary_cdk.bytecode import PYTHON, Files, Module, compile_once, modules_in, store, with_bytecode

_PACKAGE = Path(str(resources.files("distributary_cdk")))
_INSTALLED = _PACKAGE / "lambdas"
# A wheel has the functions' folders as data of this package; a checkout has them at its top.
LAMBDAS = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parents[1] / "lambdas"
LIBRARY = Path(str(resources.files("distributary")))

# What a release puts beside the package, so that no synthesis needs a registry: `prepare`.
_PREPARED = _PACKAGE / "prepared"

# The AWS services that the functions call; botocore describes some four hundred.
SERVICES = (
    *("dynamodb", "firehose", "iot-data", "iotsitewise", "kinesis", "lambda", "s3", "scheduler", "secretsmanager"),
    *("sns", "sqs"),
)

_LIBRARY = re.compile(r".+\.py|aws/service_models/.+\.json(\.gz)?|http/[a-z_]+\.json")
_DEPENDENCIES = re.compile(
    r"(six|typing_extensions)\.py"
    r"|(botocore|dateutil|jmespath|urllib3)/.+\.py"
    r"|aws_lambda_powertools/(?!event_handler/).+\.py"
    r"|botocore/(cacert\.pem|data/[^/]+\.json)"
    rf"|botocore/data/({'|'.join(SERVICES)})/[^/]+/(service-2|endpoint-rule-set-1)\.json\.gz"
)
_NATIVE_NAME = re.compile(r".+\.(so(\.\d+)*|pyd|dll|dylib|a|node)")
_NATIVE_STARTS = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")

# Pure Python for the functions' runtime, whatever Python this is.
_PURE_PIP = (
    *("--only-binary=:all:", "--platform=any", "--implementation=py", f"--python-version={PYTHON}", "--no-compile"),
)
_PURE_UV = (
    "--only-binary=:all:",
    "--no-compile-bytecode",
    f"--python-version={PYTHON}",
    "--python-platform=aarch64-manylinux2014",
)


def bundle(folder: Path, configuration: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of one function's asset by their path in it, bytecode included. Raises BadDefinition for native code.

    The folder's modules lie at the top, so that its handler is `handler.handle`; so does `configuration.json`.
    """
    files = {
        **_sources(folder),
        "configuration.json": json.dumps(configuration, ensure_ascii=False, indent=1).encode(),
    }
    if native := [name for name, content in files.items() if is_native(name, content)]:
        raise BadDefinition([f"{name}: native code runs on one kind of processor only" for name in native])
    # Every function's modules at once: to start the compiler takes longer than to compile a handler.
    compile_once([*modules_in(files), *_modules()], _stores())
    return with_bytecode(files)


def prepare(folder: Path) -> None:
    """Put the dependencies and all bytecode into the folder, which a wheel carries as `distributary_cdk/prepared`."""
    requirements = LAMBDAS / "requirements.txt"
    write(_dependencies(requirements), folder / _dependency_folder(requirements))
    compile_once(_modules(), _stores())
    store(_modules(), folder)


def is_native(name: str, content: bytes) -> bool:
    """Whether a file is compiled for one kind of processor: by its name, or by how it starts."""
    return bool(_NATIVE_NAME.fullmatch(name)) or content.startswith(_NATIVE_STARTS)


def digest(files: Files) -> str:
    """The same text for the same files, whenever and wherever they were bundled."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()


def write(files: Files, directory: Path) -> None:
    """Put the files into a directory."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _read(root: Path, allowed: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*.*")):
        name = path.relative_to(root).as_posix()
        if allowed.fullmatch(name) and path.is_file():
            yield name, path.read_bytes()


def cache_folder() -> Path:
    """Where what was installed once is kept for the next synthesis: in the user's cache, never beside the sources."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "distributary"


def _stores() -> list[Path]:
    return [_PREPARED, cache_folder()]


def _sources(folder: Path) -> dict[str, bytes]:
    return {
        **_dependencies(LAMBDAS / "requirements.txt"),
        **{f"distributary/{name}": content for name, content in _read(LIBRARY, _LIBRARY)},
        **dict(_read(folder, _LIBRARY)),
    }


@cache
def _modules() -> Sequence[Module]:
    """The modules of all functions."""
    folders = [handler.parent for handler in sorted(LAMBDAS.glob("*/handler.py"))]
    return list(dict.fromkeys(module for folder in folders for module in modules_in(_sources(folder))))


def _dependency_folder(requirements: Path) -> str:
    """The name of what is installed of this version of the file and of this list."""
    version = hashlib.sha256(requirements.read_bytes() + _DEPENDENCIES.pattern.encode()).hexdigest()[:16]
    return f"dependencies-{version}"


@cache
def _dependencies(requirements: Path) -> Files:
    """What the functions carry of their pinned requirements: of the release, or installed once."""
    name = _dependency_folder(requirements)
    kept = next((store / name for store in _stores() if (store / name).is_dir()), cache_folder() / name)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            _install(requirements, Path(scratch, "all"))
            write(dict(_read(Path(scratch, "all"), _DEPENDENCIES)), Path(scratch, "kept"))
            # Another synth may have been quicker; its result is the same.
            with contextlib.suppress(OSError):
                Path(scratch, "kept").rename(kept)
    return dict(_read(kept, _DEPENDENCIES))


def _install(requirements: Path, target: Path) -> None:
    """Install what the functions carry. Raises CalledProcessError."""
    sys.stderr.write("Installing what the functions carry (once)\n")
    wanted = [f"--target={target}", f"--requirement={requirements}"]
    subprocess.run([*_installer(), "--quiet", "--require-hashes", *wanted], check=True, stdout=sys.stderr)


def _installer() -> list[str]:
    """This Python's pip, or uv, which has environments without pip. Raises BadDefinition where there is neither."""
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *_PURE_PIP]
    if shutil.which("uv"):
        return ["uv", "pip", "install", f"--python={sys.executable}", *_PURE_UV]
    raise BadDefinition(["the functions' packages cannot be installed: this Python has no pip, and there is no uv"])
