import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.errors import SettingsError
from distributary.http.events_api.kept import MAX_ALL, MAX_HEADER, HttpSettings, kept
from distributary.http.request import Request
from distributary.ingest.envelope import Posted, Sender, address

AGENT = HttpSettings(keep_headers=("user-agent", "x-device"))


def asked(**headers: str) -> Request:
    """A request with these headers, from an address."""
    return Request("POST", "/v1/events", {name.replace("_", "-"): value for name, value in headers.items()}, ip="::1")


@pytest.mark.parametrize(
    ("settings", "extensions"),
    [
        (HttpSettings(), {}),
        (AGENT, {"useragent": "curl/8"}),
        (HttpSettings(keep_headers=("client-ip",)), {"clientip": "::1"}),
    ],
)
def test_what_the_stage_names_is_kept(settings: HttpSettings, extensions: dict[str, str]) -> None:
    """Nothing by default; a header that the request does not have has no extension."""
    assert kept(asked(user_agent="curl/8", authorization="Bearer k", client_ip="10.0.0.1"), settings) == extensions


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("authorization", "holds a secret"),
        ("cookie", "holds a secret"),
        ("x-api-key", "holds a secret"),
        ("x-amz-security-token", "holds a secret"),
        ("proxy-authorization", "holds a secret"),
        ("proxy-x", "holds a secret"),
        ("User-Agent", "must be a header's name in lower case"),
        ("a b", "must be a header's name in lower case"),
        ("", "must be a header's name in lower case"),
        ("ce-id", "an attribute that events have already"),
        ("time", "an attribute that events have already"),
        ("data-ref", "an attribute that events have already"),
        ("--", "an attribute that events have already"),
    ],
)
def test_a_header_that_no_event_may_keep_is_a_fault(header: str, fault: str) -> None:
    """Where the template is made, not where a request comes."""
    with pytest.raises(SettingsError, match=fault):
        HttpSettings(keep_headers=(header,))


def test_two_headers_of_one_extension_are_a_fault() -> None:
    """One would hide the other."""
    with pytest.raises(SettingsError, match="is that of 'x-a' too"):
        HttpSettings(keep_headers=("x-a", "xa"))


@given(st.lists(st.text(max_size=3 * MAX_HEADER), max_size=9))
def test_what_is_kept_is_bounded_and_a_string_of_cloud_events(values: list[str]) -> None:
    """1 KiB of each, 4 KiB of all, and no control character, whatever the headers are."""
    names = [f"x-{letter}" for letter, _ in zip("abcdefghi", values, strict=False)]
    found = kept(Request("POST", "/", dict(zip(names, values, strict=True))), HttpSettings(keep_headers=tuple(names)))

    assert all(0 < len(value.encode()) <= MAX_HEADER for value in found.values())
    assert sum(len(value.encode()) for value in found.values()) <= MAX_ALL
    assert all(value.isprintable() or not any(ord(one) < 32 for one in value) for value in found.values())


def test_every_event_of_a_request_has_them_whatever_it_says_itself() -> None:
    """What the endpoint saw counts, so a consumer can rely on it."""
    own = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "clientip": "10.0.0.1"}
    sender = Sender("K", "s", "t", 0.0, {"clientip": "::1"})

    found = address([Posted(0, "1", 1), Posted(1, "1", 1, attributes=own)], sender, many=True)

    assert [one.attributes["clientip"] for one in found] == ["::1", "::1"]  # type: ignore[union-attr]
