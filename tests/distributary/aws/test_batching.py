from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.aws.batching import split

SIZES = st.lists(st.integers(0, 20), max_size=60)


@given(sizes=SIZES, max_records=st.integers(1, 10), max_bytes=st.integers(20, 100))
def test_nothing_is_lost_and_the_order_stays(sizes, max_records, max_bytes) -> None:
    """The batches, one after the other, are the records."""
    batches = split(sizes, max_records, max_bytes, lambda size: size)

    assert [record for batch in batches for record in batch] == sizes


@given(sizes=SIZES, max_records=st.integers(1, 10), max_bytes=st.integers(20, 100))
def test_no_limit_is_passed(sizes, max_records, max_bytes) -> None:
    """Each batch has at least one record, at most `max_records` and at most `max_bytes`."""
    batches = split(sizes, max_records, max_bytes, lambda size: size)

    assert all(0 < len(batch) <= max_records and sum(batch) <= max_bytes for batch in batches)


@given(sizes=SIZES, max_records=st.integers(1, 10), max_bytes=st.integers(20, 100))
def test_batches_are_as_few_as_fit(sizes, max_records, max_bytes) -> None:
    """No batch could have taken the first record of the next one."""
    batches = split(sizes, max_records, max_bytes, lambda size: size)

    for batch, following in pairwise(batches):
        assert len(batch) == max_records or sum(batch) + following[0] > max_bytes


@pytest.mark.parametrize(("sizes", "expected"), [([], []), ([10], [[10]]), ([10, 1], [[10], [1]])])
def test_a_record_of_exactly_the_limit_fits(sizes, expected) -> None:
    """A batch may be as large as the limit, not larger; no records make no batch."""
    assert split(sizes, 500, 10, lambda size: size) == expected


def test_a_record_over_the_limit_is_the_callers_fault() -> None:
    """A single record that no batch can take is a ValueError that names it."""
    with pytest.raises(ValueError, match="record 1 has 11 bytes"):
        split([1, 11], 500, 10, lambda size: size)
