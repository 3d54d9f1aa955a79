import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from any_settings import any_settings

from distributary.errors import BadDefinition
from distributary_cdk import bytecode
from distributary_cdk.bundle import LAMBDAS, bundle, write
from distributary_cdk.bytecode import PYODIDE, PYTHON, Module, compile_once, store, with_bytecode
from distributary_cdk.function import environment_of
from local.functions.interpreter import LAMBDA, find_interpreter

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(handler.parent.name for handler in LAMBDAS.glob("*/handler.py"))
# Of CPython 3.14, and the flags of a file whose source is not looked at: https://peps.python.org/pep-0552/.
HEADER = (3627).to_bytes(2, "little") + b"\r\n" + (0b01).to_bytes(4, "little")
CONFIGURATION = json.loads((ROOT / "tests/cases/function_configuration.json").read_text())
MODULES = [Module("a.py", b"x = 1\n"), Module("package/b.py", b"def f():\n    return 2\n")]


@pytest.fixture(autouse=True)
def nothing_found_before(monkeypatch):
    """Each test reads its own stores."""
    monkeypatch.setattr(bytecode, "_found", {})


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_module_of_an_asset_has_the_runtimes_bytecode(function):
    """None is compiled at a cold start."""
    files = bundle(LAMBDAS / function, CONFIGURATION)
    modules = [name for name in files if name.endswith(".py")]
    compiled = {name: content for name, content in files.items() if name.endswith(".pyc")}

    assert modules
    assert {Module(name, files[name]).place for name in modules} == compiled.keys()
    assert {content[:8] for content in compiled.values()} == {HEADER}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_from_its_bytecode_alone(function, tmp_path):
    """It starts on Lambda's Python though no source could be compiled."""
    python = find_interpreter()
    if python.series != LAMBDA:
        pytest.skip(f"needs Python {LAMBDA}: {python}")
    files = bundle(LAMBDAS / function, CONFIGURATION)
    write({name: b"no Python" if name.endswith(".py") else content for name, content in files.items()}, tmp_path)
    program = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import handler; print(callable(handler.handle))"
    own = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "PATH": os.environ["PATH"]}
    credentials = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}

    run = subprocess.run(
        [python.path, "-I", "-S", "-c", program],
        env={**environment_of(function, any_settings()), **own, **credentials},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.stdout.strip(), run.returncode) == ("True", 0), run.stderr


def test_the_same_sources_give_the_same_bytecode(tmp_path, monkeypatch):
    """Whenever and in whichever company they are compiled: an asset's digest is that of its sources."""
    compile_once(MODULES, [tmp_path / "one"])
    monkeypatch.setattr(bytecode, "_found", {})
    compile_once([Module("c.py", b"import a\n"), *reversed(MODULES)], [tmp_path / "two"])

    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.pyc")} for name in ("one", "two"))
    assert len(one) == 2
    assert one.items() <= two.items()


def test_what_a_store_has_is_not_compiled_again(tmp_path, monkeypatch):
    """The first of them may be read-only: a release's."""
    compile_once(MODULES, [tmp_path / "kept"])
    store(MODULES, tmp_path / "release")
    found = dict(bytecode._found)
    monkeypatch.setattr(bytecode, "_found", {})
    monkeypatch.setattr(bytecode, "_compile", None)

    compile_once(MODULES, [tmp_path / "release", tmp_path / "empty"])

    assert bytecode._found == found
    assert not (tmp_path / "empty").exists()
    assert with_bytecode({"a.py": b"x = 1\n", "note.txt": b""}).keys() == {
        *("a.py", "note.txt", "__pycache__/a.cpython-314.pyc"),
    }


def test_another_source_or_path_is_another_module():
    """The path is in the bytecode, for tracebacks."""
    names = {Module(path, source).stored for path in ("a.py", "b.py") for source in (b"1", b"2")}

    assert len(names) == 4
    assert all(name.startswith(f"bytecode-{PYODIDE}/") for name in names)


def test_the_compiler_is_the_pinned_one_and_of_the_runtimes_version():
    """`make setup` installs what the code names."""
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["pyodide"]

    assert pinned == PYODIDE
    assert PYODIDE.startswith(PYTHON.replace(".", "") + ".")
    assert PYTHON == LAMBDA


def test_without_the_compiler_the_command_to_run_is_named(tmp_path, monkeypatch):
    """Sources alone are never deployed silently; another version of it is none."""
    package = tmp_path / "node_modules/pyodide"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "1.0.0"}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bytecode, "_CHECKOUT", tmp_path)

    with pytest.raises(BadDefinition, match=rf"there is no pyodide {PYODIDE}; run: npm install pyodide@{PYODIDE}"):
        compile_once(MODULES, [tmp_path])
    (tmp_path / "Makefile").touch()
    with pytest.raises(BadDefinition, match="run: make setup"):
        compile_once(MODULES, [tmp_path])


def test_an_app_that_links_to_the_checkout_has_its_compiler(tmp_path):
    """The package is found where the link leads to."""
    (tmp_path / "infra").symlink_to(ROOT / "infra")
    code = "from distributary_cdk.bytecode import _pyodide; print(_pyodide())"
    path = f"{tmp_path / 'infra'}:{ROOT / 'lambdas'}"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.strip() == str(ROOT / "node_modules/pyodide")


def test_without_node_that_is_said(tmp_path, monkeypatch):
    """As a fault, not as a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BadDefinition, match="Node does not run"):
        compile_once(MODULES, [tmp_path])


def test_a_compiler_that_does_not_end_is_ended(tmp_path, monkeypatch):
    """As a fault too."""
    monkeypatch.setattr(bytecode, "_COMPILER_SECONDS", 0.01)

    with pytest.raises(BadDefinition, match=r"pyodide has not ended after 0\.01 s"):
        compile_once(MODULES, [tmp_path])


def test_what_is_no_python_is_named(tmp_path):
    """With its path in the asset and the compiler's words."""
    with pytest.raises(BadDefinition, match=r"(?s)/var/task/bad\.py.*SyntaxError"):
        compile_once([Module("bad.py", b"def (")], [tmp_path])


def test_another_version_of_python_is_refused(tmp_path, monkeypatch):
    """Lambda would not read its bytecode, and compile at each cold start."""
    monkeypatch.setattr(bytecode, "PYTHON", "3.15")

    with pytest.raises(BadDefinition, match=r"for Python 3\.14: pyodide .* compiles for 3\.14"):
        compile_once(MODULES, [tmp_path])
