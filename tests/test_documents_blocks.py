"""Every block of the documents that a reader would run is run by a test, or a case says why it cannot be."""

import tomllib
from pathlib import Path

import pytest
from snippets import Block, blocks
from test_documents import ROOT, pages

CASES = tomllib.loads((ROOT / "tests/cases/docs_blocks.toml").read_text())["pages"]


def found(page: Path) -> list[Block]:
    """The blocks of a page that a reader would run."""
    return [block for block in blocks(page) if block.runs]


def is_told(block: Block, told: str) -> bool:
    """Whether a case is about this block."""
    return told == block.name if block.name else block.code.startswith(told)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_each_block_has_its_case(page: Path) -> None:
    """One, and no case is about a block that is gone. Blocks that begin alike share a case."""
    cases = CASES.get(str(page.relative_to(ROOT)), {})
    without = [block.code.partition("\n")[0] for block in found(page) if not any(is_told(block, one) for one in cases)]

    assert without == []
    assert [one for one in cases if not any(is_told(block, one) for block in found(page))] == []


@pytest.mark.parametrize("page", CASES)
def test_each_case_names_its_test_or_a_reason(page: str) -> None:
    """The test exists, and reads the page."""
    for case in CASES[page].values():
        assert case.keys() in ({"run_by"}, {"reason"})
        if "run_by" in case:
            text = (ROOT / case["run_by"]).read_text()
            assert any(word in text for word in (page, Path(page).name, f'"{Path(page).stem}"', Path(page).parent.name))
