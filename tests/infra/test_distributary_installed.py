"""What `pip install` of the wheel brings: the constructs, the functions' sources, and of the CDK nothing unasked."""

import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = (
    "lambdas",
    "infra",
    "distributary_testing",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "LICENSE",
    "README.md",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the wheel and the sdist, built from what git knows."""
    checkout, folder = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *SOURCES]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines():
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(["uv", "build", "--quiet", "--out-dir", folder, checkout], check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    """The wheel's files by name."""
    [file] = built.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_carries_what_the_functions_are_made_of(wheel):
    """Every folder that is deployed, the library with its service models, and the pinned requirements."""
    handlers = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("lambdas/*/handler.py")}
    library = {
        path.relative_to(ROOT / "lambdas").as_posix()
        for path in (ROOT / "lambdas/distributary").rglob("*")
        if path.suffix in (".py", ".json", ".gz")
    }

    assert {f"distributary_cdk/{name}" for name in (*handlers, "lambdas/requirements.txt")} <= wheel.keys()
    assert library <= wheel.keys()
    assert not [name for name in wheel if name.startswith(("local/", "tests/", "commands/"))]


def test_the_cdk_is_an_extra(wheel):
    """Whoever tests with `distributary_testing` gets nothing of the CDK."""
    [metadata] = [message_from_bytes(text) for name, text in wheel.items() if name.endswith("/METADATA")]
    needed = metadata.get_all("Requires-Dist")

    plain = [one for one in needed if "extra ==" not in one]
    assert plain == ["boto3", "jmespath"]
    assert any(one.startswith("aws-cdk-lib") and one.endswith('extra == "cdk"') for one in needed)


def test_the_sdist_is_enough_to_build_the_wheel(built, tmp_path, wheel):
    """The wheel that is built from it has the same files."""
    [file] = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    subprocess.run(["uv", "build", "--quiet", "--wheel", "--out-dir", tmp_path / "again", source], check=True)

    [again] = (tmp_path / "again").glob("*.whl")
    with zipfile.ZipFile(again) as archive:
        assert {*archive.namelist()} == wheel.keys()


@pytest.fixture(scope="module")
def environment(built, tmp_path_factory):
    """The Python of an empty environment with the wheel and its CDK, and the folder that it is in."""
    folder = tmp_path_factory.mktemp("environment")
    [wheel] = built.glob("*.whl")
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, folder / "env"], check=True)
    python = folder / "env/bin/python"
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, f"{wheel}[cdk]"], check=True)
    return python
