from commands.columns import columns, ruled

LINES = [("name", "count", ""), ("a", "10", "ok"), ("longer", "1", "")]


def test_cells_stand_below_each_other():
    """As wide as the widest of their column; nothing trails."""
    assert columns(LINES) == ["name    count", "a       10     ok", "longer  1"]


def test_a_column_may_end_together():
    """As numbers do."""
    assert columns(LINES, right={1}) == ["name    count", "a          10  ok", "longer      1"]


def test_a_heading_is_ruled():
    """As wide as its columns."""
    assert ruled(LINES).splitlines()[:2] == ["name    count", "------  -----  --"]
