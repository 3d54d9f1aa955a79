import re
import sys
from importlib.metadata import version

import pytest

from local.functions import folders
from local.functions.folders import Folders, RuntimeNotInstalled
from local.functions.interpreter import LAMBDA, Interpreter

THIS = Interpreter(sys.executable, ".".join(map(str, sys.version_info[:3])))


def test_the_runtime_folder_holds_awslambdaric_and_what_it_needs(tmp_path) -> None:
    """Nothing else of this project's packages is reachable from it."""
    folder = Folders(tmp_path, THIS).runtime()

    assert {entry.name.split(".")[0] for entry in folder.iterdir()} == {
        "awslambdaric",
        "runtime_client",
        "simplejson",
        "snapshot_restore_py",
        *(["backports"] if sys.version_info < (3, 14) else []),  # what it lacks of Lambda's standard library
    }
    assert (folder / "awslambdaric" / "bootstrap.py").is_file()


def test_another_python_has_awslambdaric_compiled_for_it() -> None:
    """The same packages in the same versions, with native code for Lambda's Python, beside their metadata."""
    folder = folders.installed_for(LAMBDA)

    names = {entry.name.split(".")[0].split("-")[0] for entry in folder.iterdir()}
    assert names == {"awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"}
    assert list(folder.glob(f"runtime_client.cpython-{LAMBDA.replace('.', '')}-*.so"))


def test_what_cannot_be_installed_is_said_in_pips_words(tmp_path, monkeypatch) -> None:
    """Nothing half installed is kept."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"snapshot-restore-py==1.0.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(folders, "REQUIREMENTS", requirements)
    monkeypatch.setattr(folders, "ROOT", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(RuntimeNotInstalled, match=r"could not be installed for Python 3\.14:\nERROR: "):
        folders.installed_for("3.14")

    assert list((tmp_path / "build").iterdir()) == []


def test_the_functions_requirements_are_those_of_this_environment() -> None:
    """One version of awslambdaric, whichever Python runs it."""
    pinned = dict(re.findall(r"^([a-z-]+)==(\S+)", folders.REQUIREMENTS.read_text(), re.MULTILINE))

    assert pinned
    assert pinned == {name: version(name) for name in pinned}


def test_the_same_code_is_extracted_once(tmp_path, make) -> None:
    """Two revisions that differ in configuration alone share a folder; other code gets another."""
    folders = Folders(tmp_path, THIS)
    code = make.package("one = 1")

    assert folders.task_root(code) == folders.task_root(bytes(code))
    assert folders.task_root(code) != folders.task_root(make.package("two = 2"))
    assert (folders.task_root(code) / "handler.py").read_text() == "one = 1"
