import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = tomllib.loads((ROOT / "second_opinion" / "left_out.toml").read_text())
SOURCES = "\n".join(file.read_text() for file in (ROOT / "tests" / "deployed").rglob("*.py"))
DEFINED = set(re.findall(r"^def (\w+)\(", SOURCES, re.MULTILINE))


@pytest.mark.parametrize("name", [*LEFT_OUT["fixtures"], *LEFT_OUT["tests"], *LEFT_OUT["fails"]])
def test_what_is_left_out_exists(name) -> None:
    """A test or a fixture that was renamed would be tried again without a word."""
    assert name in DEFINED


@pytest.mark.parametrize("name", LEFT_OUT["modules"])
def test_each_module_that_is_left_out_exists(name) -> None:
    """Likewise."""
    assert list((ROOT / "tests" / "deployed").rglob(name))


@pytest.mark.parametrize("table", LEFT_OUT)
def test_all_that_is_left_out_has_its_reason(table) -> None:
    """In words."""
    assert all(len(reason.split()) > 3 for reason in LEFT_OUT[table].values())
