import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.access import DOOR_NAMES, Key
from distributary.events import SINK_NAMES
from distributary.key_item import item_of, key_of
from distributary.quota import Quota

seconds = st.floats(0, 4e9, allow_nan=False).map(lambda value: round(value, 3))
keys = st.builds(
    Key,
    id=st.text(min_size=1),
    name=st.text(min_size=1),
    doors=st.frozensets(st.sampled_from(DOOR_NAMES)),
    sinks=st.frozensets(st.sampled_from(SINK_NAMES)),
    sources=st.frozensets(st.text(min_size=1)),
    browser=st.booleans(),
    quota=st.none() | st.builds(Quota, rate=st.integers(1, 10**9).map(lambda n: n / 1000), burst=st.integers(1, 999)),
    created=seconds,
    expires=st.none() | seconds,
    revoked=st.none() | seconds,
    last_used=st.just("") | st.just("2026-11-22"),
)  # fmt: skip


@given(keys)
def test_a_key_comes_back_from_its_item_as_it_went(key: Key) -> None:
    """Whatever a key holds, also empty sets, which DynamoDB has none of."""
    assert key_of(item_of(key)) == key


@pytest.mark.parametrize("value", [{"S": "x"}, {"N": "1"}, {"BOOL": True}, {"NULL": True}, {"L": []}, {}])
@pytest.mark.parametrize("name", ["doors", "sinks", "sources", "browser", "expires", "revoked", "rate", "burst"])
def test_an_attribute_of_a_wrong_type_allows_nothing(name: str, value: dict) -> None:
    """A slip in the console never opens a door: the key loses what the attribute gave, or has expired."""
    right = {"browser": "BOOL", "expires": "N", "revoked": "N", "rate": "N", "burst": "N"}.get(name, "SS")
    if right in value:
        return
    wrong = key_of({"id": {"S": "k"}, "name": {"S": "n"}, "rate": {"N": "5"}, "burst": {"N": "5"}, name: value})

    if name in {"expires", "revoked"}:
        assert not wrong.is_live(1_700_000_000)
    elif name in {"rate", "burst"}:
        assert wrong.quota
        assert wrong.quota.rate <= 5
        assert wrong.quota.burst <= 5
    else:
        assert not getattr(wrong, name)
