import sys

import pytest

from commands import functions_python
from local.functions import BadInterpreter, Interpreter


def refuse() -> Interpreter:
    """What a wrong FUNCTIONS_PYTHON comes to."""
    raise BadInterpreter("FUNCTIONS_PYTHON=/x does not run as a Python")


@pytest.mark.parametrize(
    ("find", "status", "printed"),
    [
        (lambda: Interpreter("/usr/bin/python3.14", "3.14.8"), 0, ("/usr/bin/python3.14\n", "")),
        (lambda: Interpreter("/usr/bin/python3", "3.11.2"), 1, ("", "no Python 3.14 was found on this machine\n")),
        (refuse, 1, ("", "FUNCTIONS_PYTHON=/x does not run as a Python\n")),
    ],
)
def test_lambdas_python_is_printed_or_there_is_none(monkeypatch, capsys, find, status, printed) -> None:
    """Its path alone, for a script; another version is none."""
    monkeypatch.setattr(functions_python, "find_interpreter", find)
    monkeypatch.setattr(sys, "argv", ["functions_python"])

    assert functions_python.main() == status

    assert capsys.readouterr() == printed
