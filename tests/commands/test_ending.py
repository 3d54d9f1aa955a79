import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commands.ending import ended

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "demo",
    "functions_python",
    "keys",
    "problem_pages",
    "release",
    "replay",
    "rollback",
    "route",
    "set_up",
    "smoke",
    "status",
    "up",
)
PACKAGES = ("commands/docs/__main__", "commands/reference/__main__")
# A command that prints a line, waits to be told to go on, and then prints as much as no pipe holds.
PRINTING = """
import sys
from commands.ending import ended, say
print("one", flush=True)
sys.stdin.readline()
sys.exit(ended(lambda: {printing} or 0))
"""


@pytest.fixture
def running():
    """Starts a command."""
    started = []

    def start(printing):
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        command = [sys.executable, "-c", PRINTING.format(printing=printing)]
        started.append(subprocess.Popen(command, cwd=ROOT, text=True, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("status", [0, 1])
def test_a_command_ends_with_its_status(status):
    """Where nobody ends it."""
    assert ended(lambda: status) == status


def test_ctrl_c_is_one_line(capsys):
    """And the status that shells give an interrupted process."""

    def main():
        raise KeyboardInterrupt

    assert ended(main) == 130
    assert capsys.readouterr().err == "\nInterrupted.\n"


@pytest.mark.parametrize(
    ("printing", "status"),
    [
        ("print('two ' * 100_000)", 128 + signal.SIGPIPE),  # as `| head` has it
        ("print('two')", 128 + signal.SIGPIPE),  # still in Python's buffer when it ends
        ("[say('two') for _ in range(3)] and None", 0),  # what goes on, whoever reads it
    ],
)
def test_a_reader_that_is_gone_is_no_traceback(running, printing, status):
    """Nothing is said about it: who has gone does not want to know."""
    process = running(printing)
    assert process.stdout.readline() == "one\n"
    process.stdout.close()
    process.stdin.write("go on\n")
    process.stdin.flush()

    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == status


@pytest.mark.parametrize("path", [*(f"commands/{name}" for name in COMMANDS), "tests/chaos/__main__", *PACKAGES])
def test_every_command_ends_so(path):
    """None is left out."""
    assert "    sys.exit(ended(main))" in (ROOT / f"{path}.py").read_text()


def test_no_command_is_forgotten():
    """What `python -m` starts is a command."""
    found = {one.stem for one in (ROOT / "commands").glob("*.py") if '__name__ == "__main__"' in one.read_text()}

    assert found == {*COMMANDS}
