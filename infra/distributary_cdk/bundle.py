"""What a function's asset holds, by allow-list: its folder, the library, pinned dependencies and the configuration."""

import contextlib
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from distributary.errors import BadDefinition

ROOT = Path(__file__).parents[2]
LAMBDAS = ROOT / "lambdas"

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

Files = Mapping[str, bytes]


def bundle(folder: Path, configuration: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of one function's asset by their path in it. Raises BadDefinition if any is native code.

    The folder's modules lie at the top, so that its handler is `handler.handle`; so does `configuration.json`.
    """
    files = {
        **_dependencies(LAMBDAS / "requirements.txt"),
        **{f"distributary/{name}": content for name, content in _read(LAMBDAS / "distributary", _LIBRARY)},
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


@cache
def _dependencies(requirements: Path) -> Files:
    """What the functions carry of their pinned requirements: installed once for each version of this file and list."""
    version = hashlib.sha256(requirements.read_bytes() + _DEPENDENCIES.pattern.encode()).hexdigest()[:16]
    kept = ROOT / "build" / f"dependencies-{version}"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            _install(requirements, Path(scratch, "all"))
            write(dict(_read(Path(scratch, "all"), _DEPENDENCIES)), Path(scratch, "kept"))
            # Another synth may have been quicker; its result is the same.
            with contextlib.suppress(OSError):
                Path(scratch, "kept").rename(kept)
    return dict(_read(kept, _DEPENDENCIES))


def _install(requirements: Path, target: Path) -> None:
    """Install pure Python for the functions' runtime, whatever Python this is. Raises CalledProcessError."""
    sys.stderr.write("Installing what the functions carry (once)\n")
    pure = ["--only-binary=:all:", "--platform=any", "--implementation=py", "--python-version=3.14", "--no-compile"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes", *pure]
    subprocess.run([*pip, f"--target={target}", f"--requirement={requirements}"], check=True, stdout=sys.stderr)
