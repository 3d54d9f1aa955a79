import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.access.key import API_NAMES, RIGHTS, Key
from distributary.access.key_item import item_of, key_of
from distributary.access.quota import Quota
from distributary.sinks.registry import SINK_NAMES

STORED = json.loads((Path(__file__).parents[2] / "cases/stored/keys.json").read_text())
seconds = st.floats(0, 4e9, allow_nan=False).map(lambda value: round(value, 3))
keys = st.builds(
    Key,
    id=st.text(min_size=1),
    name=st.text(min_size=1),
    doors=st.frozensets(st.sampled_from(API_NAMES)),
    rights=st.frozensets(st.sampled_from(RIGHTS)),
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
@pytest.mark.parametrize(
    "name", ["doors", "rights", "sinks", "sources", "browser", "expires", "revoked", "rate", "burst"]
)
def test_an_attribute_of_a_wrong_type_allows_nothing(name: str, value: dict) -> None:
    """A slip in the console never opens an API: the key loses what the attribute gave, or has expired."""
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


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored["command"])
def test_a_key_of_before_there_were_rights_keeps_what_it_had_but_managing(stored: dict) -> None:
    """Its doors, sinks and sources are those of the item; who could put messages to detectors goes on reading them."""
    key = key_of(stored["item"])

    assert [sorted(one) for one in (key.doors, key.sinks)] == [
        stored["item"][name]["SS"] for name in ("doors", "sinks")
    ]
    assert sorted(key.rights) == stored["rights"]
    assert key.beyond_default == stored["beyond"]
    assert key_of(item_of(key)) == key


def test_a_new_key_has_no_right_to_detectors() -> None:
    """Though it may put messages to them."""
    key = key_of(item_of(Key(id="k", name="n", sinks=frozenset(SINK_NAMES))))

    assert (key.doors, key.rights) == ({"events", "iot_events"}, frozenset())
    assert key.beyond_default == []


def test_an_item_names_its_sinks() -> None:
    """Never `*`: a version that does not know it would let the key write to none."""
    with pytest.raises(ValueError, match="names its sinks"):
        item_of(Key(id="DK1", name="a"))
    assert key_of({"id": {"S": "DK1"}, "sinks": {"SS": ["*"]}}).sinks == frozenset()
