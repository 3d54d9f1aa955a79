"""`make release`: wheel, sdist and SBOM of this version in `dist/`, once version and changelog agree."""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from commands.ending import ended
from distributary import VERSION
from distributary_cdk.bundle import prepare

ROOT = Path(__file__).parents[1]
SBOM_TOOL = "cyclonedx-bom==7.5.0"

# https://semver.org, without build metadata
_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")
_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<day>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


class ReleaseError(Exception):
    """What must be changed before this version can be released."""


def check(changelog: str, version: str) -> None:
    """Raises ReleaseError unless the changelog begins with this version, a semantic one, and its day."""
    if not _SEMVER.fullmatch(version):
        raise ReleaseError(f"VERSION = {version!r} in lambdas/distributary/__init__.py: must be as in 1.2.3")
    first = _HEADING.search(changelog)
    wanted = f"## [{version}] - YYYY-MM-DD"
    if not first:
        raise ReleaseError(f"CHANGELOG.md has no section: begin it with {wanted!r}")
    if first["version"] != version or not first["day"]:
        raise ReleaseError(f"CHANGELOG.md begins with {first[0]!r}: must be {wanted!r}, or change VERSION")


def build_packages(folder: Path, root: Path = ROOT) -> None:
    """Write wheel and sdist to the folder: what git knows, and all that a synthesis would install or compile."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "checkout")
        for name in listed.splitlines():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, copy / name)
        prepare(copy / "infra/distributary_cdk/prepared")
        subprocess.run(["uv", "build", "--quiet", "--clear", "--out-dir", folder, copy], check=True)


def build(folder: Path, version: str, root: Path = ROOT) -> list[Path]:
    """The wheel, the sdist and the SBOM of what the functions carry, written to the folder."""
    build_packages(folder, root)
    sbom = folder / f"distributary-{version}.cdx.json"
    with tempfile.TemporaryDirectory() as scratch:
        # The tool reads no version that pyproject.toml only points to.
        described = Path(scratch, "pyproject.toml")
        described.write_text(f'[project]\nname = "distributary"\nversion = "{version}"\nlicense = "Apache-2.0"\n')
        tool: list[str | Path] = [
            "uvx",
            "--quiet",
            "--from",
            SBOM_TOOL,
            "cyclonedx-py",
            "requirements",
            "--pyproject",
            described,
        ]
        options: list[str | Path] = ["--output-reproducible", "--output-file", sbom, root / "lambdas/requirements.txt"]
        subprocess.run([*tool, *options], check=True)
    return [*sorted(folder.glob(f"distributary-{version}*"))]


def main() -> int:
    """0 if everything was written."""
    argparse.ArgumentParser(prog="make release", description=__doc__).parse_args()
    try:
        check((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), VERSION)
        for file in build(ROOT / "dist", VERSION):
            print(file.relative_to(ROOT))
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
