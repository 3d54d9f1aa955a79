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
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from distributary.errors import BadDefinition

_PACKAGE = Path(str(resources.files("distributary_cdk")))
_INSTALLED = _PACKAGE / "lambdas"
# A wheel has the functions' folders as data of this package; a checkout has them at its top.
LAMBDAS = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parents[1] / "lambdas"
LIBRARY = Path(str(resources.files("distributary")))

# The AWS services that the functions call; botocore describes some four hundred.
SERVICES = (
    *("dynamodb", "firehose", "iot-data", "iotsitewise", "kinesis", "lambda", "s3", "scheduler", "secretsmanager"),
    *("sns", "sqs"),
)

_LIBRARY = re.compile(r".+\.py|aws/service_models/.+\.json(\.gz)?")
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
_PURE_PIP = ("--only-binary=:all:", "--platform=any", "--implementation=py", "--python-version=3.14", "--no-compile")
_PURE_UV = (
    "--only-binary=:all:",
    "--no-compile-bytecode",
    "--python-version=3.14",
    "--python-platform=aarch64-manylinux2014",
)

Files = Mapping[str, bytes]


def bundle(folder: Path, configuration: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of one function's asset by their path in it. Raises BadDefinition if any is native code.

    The folder's modules lie at the top, so that its handler is `handler.handle`; so does `configuration.json`.
    """
    files = {
        **_dependencies(LAMBDAS / "requirements.txt"),
        **{f"distributary/{name}": content for name, content in _read(LIBRARY, _LIBRARY)},
        **dict(_read(folder, _LIBRARY)),
        "configuration.json": json.dumps(configuration, ensure_ascii=False, indent=1).encode(),
    }
    if native := [name for name, content in files.items() if is_native(name, content)]:
        raise BadDefinition([f"{name}: native code runs on one kind of processor only" for name in native])
    return files


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


@cache
def _dependencies(requirements: Path) -> Files:
    """What the functions carry of their pinned requirements: installed once for each version of this file and list."""
    version = hashlib.sha256(requirements.read_bytes() + _DEPENDENCIES.pattern.encode()).hexdigest()[:16]
    kept = cache_folder() / f"dependencies-{version}"
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
