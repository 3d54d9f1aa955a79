"""The generated blocks of docs/reference, and the commands that they describe."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from commands.reference import blocks, command_list, error_list, template

ROOT = Path(__file__).parents[2]
PAGE = "# A page\n\n<!-- reference: one, by make reference -->\nold\n<!-- end -->\n\nby hand\n"


def test_a_block_is_written_and_the_text_around_it_stays() -> None:
    """Between its two comments."""
    assert blocks.names(PAGE) == ["one"]
    assert blocks.filled(PAGE, {"one": "new"}) == PAGE.replace("old", "new")


def test_a_block_that_nobody_writes_is_an_error() -> None:
    """It would stay as it was committed."""
    with pytest.raises(KeyError, match="one"):
        blocks.filled(PAGE, {})


def test_a_cell_may_hold_a_bar() -> None:
    """It is no border of the table."""
    assert blocks.table(["a", "b"], [["x|y", "z"]]) == "| a | b |\n|---|---|\n| x\\|y | z |"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ({"Ref": "SpillKinesis2845F632"}, "SpillKinesis"),
        ({"Fn::GetAtt": ["SpillKinesis2845F632", "Arn"]}, "SpillKinesis"),
    ],
)
def test_a_reference_is_the_name_of_its_resource(value, text) -> None:
    """Without the hash that ends a logical id."""
    assert template.text(value) == text


def test_every_module_that_runs_has_its_help() -> None:
    """What `python -m commands.…` starts is on the page, or is part of `make reference` alone."""
    modules = {f"commands.{one.stem}" for one in (ROOT / "commands").glob("*.py") if '"__main__"' in one.read_text()}
    packages = {f"commands.{one.parent.name}" for one in (ROOT / "commands").glob("*/__main__.py")}

    assert modules | packages | {"distributary.iot_events.cli"} == {*command_list.MODULES}


@pytest.mark.parametrize("module", command_list.MODULES)
def test_help_starts_nothing(module, tmp_path) -> None:
    """It ends in seconds where there is no project, no AWS and no network, and leaves no file."""
    places = [str(ROOT), str(ROOT / "lambdas"), str(ROOT / "infra")]
    code = f"import sys; sys.path[:0] = {places}; sys.argv = ['x', '--help']\nimport runpy, socket, subprocess\n"
    code += "def refuse(*_, **__): raise SystemExit('it starts something')\n"
    code += "subprocess.Popen.__init__ = socket.socket.connect = refuse\n"
    code += f"runpy.run_module({module!r}, run_name='__main__', alter_sys=False)"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")
    assert [*tmp_path.iterdir()] == []


def test_every_aws_error_of_the_code_is_on_the_page() -> None:
    """Each literal of http/ that is an exception's name stands in a table, and no table has another."""
    sources = (ROOT / "lambdas/distributary/http").rglob("*.py")
    literals = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    answered = {
        one for one in literals if one.isalnum() and one.endswith(("Exception", "InternalFailure", "OptInRequired"))
    }
    tables = error_list.blocks()
    listed = {
        cell.strip(" `") for text in tables.values() for line in text.splitlines() for cell in line.split("|")[1:2]
    }

    assert answered <= listed
    assert {one for one in listed if one.endswith("Exception")} <= answered | {"InvalidRequestException"}
