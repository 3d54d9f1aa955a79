"""What every test may use: the case files under tests/cases, and the folder itself on the path for their builders."""

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DEPLOYED = TESTS / "deployed"
sys.path.insert(0, str(TESTS))


def pytest_itemcollected(item: pytest.Item) -> None:
    """What needs the deployed stack shares one: a single worker runs it all."""
    if DEPLOYED in item.path.parents:
        item.add_marker(pytest.mark.deployed)
        item.add_marker(pytest.mark.xdist_group("deployed"))
