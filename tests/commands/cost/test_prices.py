import re
from pathlib import Path

import pytest

from commands.cost import prices

SOURCES = "".join(file.read_text() for file in Path(prices.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(("name", "price"), prices.read_prices().entries.items(), ids=str)
def test_each_price_is_used_and_sourced(name, price) -> None:
    """A price that nothing uses would grow old unseen."""
    assert 0 < price.dollars < 10
    assert price.unit
    assert re.match(r"https://aws\.amazon\.com/\S+/$", price.source)
    assert f'"{name}"' in SOURCES


def test_the_list_says_where_and_when() -> None:
    """One region, one month."""
    found = prices.read_prices()

    assert (found.region, found.date) == ("us-east-1", "2026-11")
    assert found["lambda-request"] == 0.2e-6
