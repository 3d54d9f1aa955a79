import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.errors import BadEvent
from distributary.http.events_api.cloud_event import MAX_ATTRIBUTES, from_headers, structured
from distributary.json_text.text import parse_json

REQUIRED = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}


@given(
    st.dictionaries(st.sampled_from(["subject", "ext", "n", "data0", "dat"]), st.text('ab\\"/,:{}[]d', min_size=1)),
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["data", "x"]), inner),
        max_leaves=6,
    ),
    st.integers(0, 9),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]),
)
def test_data_is_found_wherever_it_stands(
    more: dict[str, str], data: Any, place: int, separators: tuple[str, str]
) -> None:
    """Whatever attributes stand before and after it, and however they are spaced, data is cut out as it was written."""
    members = [*REQUIRED.items(), *more.items()]
    members.insert(place, ("data", data))

    attributes, text, value = structured(parse_json(json.dumps(dict(members), separators=separators)))

    assert attributes == REQUIRED | more
    assert value == data
    assert text == json.dumps(data, separators=separators).replace("\n", " ")


@pytest.mark.parametrize("name", ["id", "source", "type", "specversion"])
def test_each_mode_requires_the_same_attributes(name: str) -> None:
    """What is missing is named, in a body as in headers."""
    lacking = {key: value for key, value in REQUIRED.items() if key != name}

    for make in (
        lambda: structured(parse_json(json.dumps(lacking))),
        lambda: from_headers({f"ce-{key}": value for key, value in lacking.items()}),
    ):
        with pytest.raises(BadEvent) as caught:
            make()
        assert (caught.value.code, caught.value.pointer) == ("InvalidEvent", f"/{name}")


def test_headers_that_are_none_of_ours_are_left_alone() -> None:
    """Only ce- headers become attributes."""
    headers = {f"ce-{name}": value for name, value in REQUIRED.items()}

    assert from_headers({**headers, "content-type": "x", "cell": "y", "accept": "*/*"}) == REQUIRED


def test_nothing_of_the_event_is_repeated_in_its_faults() -> None:
    """Neither data nor the values of attributes show in what an answer says."""
    for member in ({"ext": {"secret": 1}}, {"time": "secret"}, {"subject": "secret\n"}, {"data_base64": "secret!"}):
        with pytest.raises(BadEvent) as caught:
            structured(parse_json(json.dumps(REQUIRED | member)))
        assert "secret" not in str(caught.value) + caught.value.pointer


def test_the_limit_on_members_is_exact() -> None:
    """A thousand are taken, data included; one more is that event's own fault."""

    def event(members: int) -> str:
        needed = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": {}}
        return json.dumps(needed | {f"a{number}": number for number in range(members - len(needed))})

    assert len(structured(parse_json(event(MAX_ATTRIBUTES)))[0]) == MAX_ATTRIBUTES - 1
    with pytest.raises(BadEvent, match="at most 1,000 members"):
        structured(parse_json(event(MAX_ATTRIBUTES + 1)))
