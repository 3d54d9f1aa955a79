import sys

import pytest

from distributary_cdk.bytecode import PYTHON
from local.functions.interpreter import LAMBDA, BadInterpreter, Interpreter, find_interpreter

OWN = ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def only(monkeypatch, tmp_path):
    """A PATH with nothing but what the test puts there: programs that print what a Python, or uv, would."""
    monkeypatch.delenv("FUNCTIONS_PYTHON", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name, *lines, status=0):
        program = tmp_path / name
        program.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines) + f"exit {status}\n")
        program.chmod(0o755)
        return str(program)

    return put


def test_the_version_is_the_one_that_the_functions_deploy_with() -> None:
    """The template's runtime, which this package cannot import."""
    assert LAMBDA == PYTHON


def test_a_chosen_python_comes_before_all(only, monkeypatch) -> None:
    """Whatever its version is."""
    only("python3.14", "/usr/bin/python3.14", "3.14.8")
    monkeypatch.setenv("FUNCTIONS_PYTHON", only("mine", "/opt/python3.15", "3.15.0"))

    assert find_interpreter() == Interpreter("/opt/python3.15", "3.15.0")


@pytest.mark.parametrize(("lines", "status"), [((), 127), (("bash: hello",), 0), (("a", "b", "c"), 0)])
def test_a_chosen_python_that_is_none_is_refused(only, monkeypatch, lines, status) -> None:
    """By name, with what to do: nothing is chosen in its place."""
    chosen = only("mine", *lines, status=status)
    monkeypatch.setenv("FUNCTIONS_PYTHON", chosen)

    with pytest.raises(BadInterpreter, match=f"FUNCTIONS_PYTHON={chosen} does not run as a Python"):
        find_interpreter()


def test_a_chosen_python_that_is_not_there_is_refused(monkeypatch) -> None:
    """Likewise."""
    monkeypatch.setenv("FUNCTIONS_PYTHON", "/nowhere/python3.14")

    with pytest.raises(BadInterpreter, match="/nowhere/python3"):
        find_interpreter()


def test_lambdas_version_is_found_on_path(only) -> None:
    """By its name, behind a virtual environment."""
    only("python3.14", "/usr/bin/python3.14", "3.14.8")
    only("uv", "/elsewhere/python3.14")

    assert find_interpreter() == Interpreter("/usr/bin/python3.14", "3.14.8")


def test_lambdas_version_is_found_by_uv(only) -> None:
    """Where the one on PATH is a shim for nothing."""
    only("python3.14", status=127)
    only("uv", only("of-uv", "/uv/python3.14", "3.14.7"))

    assert find_interpreter() == Interpreter("/uv/python3.14", "3.14.7")


def test_this_python_runs_them_where_lambdas_version_is_nowhere(only) -> None:
    """And what is printed warns of it."""
    only("uv", status=2)

    found = find_interpreter()

    assert found.version == OWN
    if found.series != LAMBDA:
        assert str(found).startswith(f"WARNING: functions run on Python {OWN}")
        assert "install python3.14, or set FUNCTIONS_PYTHON=" in str(found)


def test_a_real_python_says_its_path_behind_the_virtual_environment(monkeypatch) -> None:
    """The one that runs these tests, asked as any other is."""
    monkeypatch.setenv("FUNCTIONS_PYTHON", sys.executable)

    found = find_interpreter()

    assert found == Interpreter(sys._base_executable, OWN)
    assert found.is_own


def test_lambdas_version_is_printed_without_a_warning() -> None:
    """Its number and its place."""
    assert str(Interpreter("/usr/bin/python3.14", "3.14.8")) == "functions run on Python 3.14.8 (/usr/bin/python3.14)"
