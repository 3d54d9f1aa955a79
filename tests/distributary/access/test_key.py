import json
import re

import pytest

from distributary.access.key import EVERY_SINK, Claims, Key, derive_secret, new_id, version_of
from distributary.errors import BadEvent, Forbidden
from distributary.sinks.registry import SINK_NAMES


@pytest.mark.parametrize("version", ["1", "9", "10", "9999"])
def test_an_id_is_an_access_key_id_and_carries_its_version(version: str) -> None:
    """Whatever the random part, the version is read back, also where the random part starts with digits."""
    for random in (bytes(10), b"\xff" * 10, b"\xd6\xb5\xad" * 3 + b"\xd6"):
        key_id = new_id(version, random)

        assert re.fullmatch("[A-Z0-9]{16,128}", key_id)
        assert version_of(key_id) == version


@pytest.mark.parametrize(
    "text",
    ["", "DK1", "AKIAIOSFODNN7EXAMPLE", "DK0AAAAAAAAAAAAAAAA", "DK01AAAAAAAAAAAAAAAA", "DK1aaaaaaaaaaaaaaaa",
     "DK1AAAAAAAAAAAAAAA1", "DK1AAAAAAAAAAAAAAAA\n", "DK10000AAAAAAAAAAAAAAAA", "DK\u0661AAAAAAAAAAAAAAAA",
     "DK1" + "A" * 9999],
)  # fmt: skip
def test_what_is_no_id_of_ours_has_no_version(text: str) -> None:
    """An id of AWS's, one of another length or alphabet: none is worth a look-up."""
    assert version_of(text) is None


def test_a_secret_is_the_hmac_of_the_id() -> None:
    """Both must change for a secret to be another: this value must never change, or every key would."""
    secret = derive_secret("master", "DK1AAAAAAAAAAAAAAAA")

    assert secret == "tNWzoxFTx-9b0HBQydwrKXDgxtRkZkxcZSkP6jQ_iME"
    assert secret != derive_secret("master", "DK1AAAAAAAAAAAAAAAB")
    assert secret != derive_secret("another", "DK1AAAAAAAAAAAAAAAA")


@pytest.mark.parametrize(
    ("expires", "revoked", "live"),
    [(None, None, True), (1001.0, None, True), (1000.0, None, False), (None, 900.0, False), (None, 2000.0, False)],
)
def test_a_key_lives_until_it_expires_or_is_revoked(expires: float | None, revoked: float | None, live: bool) -> None:
    """It stops at its very second, and a revoked key is revoked whatever the time says."""
    assert Key(id="k", name="n", expires=expires, revoked=revoked).is_live(1000.0) is live


KEY = Key(id="k", name="hall", sinks=frozenset({"firehose", "kinesis"}), sources=frozenset({"cellar"}))


@pytest.mark.parametrize(
    ("key", "source", "sinks", "pointer"),
    [
        (KEY, "hall", ["firehose", "kinesis"], None),
        (KEY, "cellar", ["kinesis"], None),
        (KEY, "attic", ["kinesis"], "/source"),
        (KEY, "Hall", ["kinesis"], "/source"),
        (KEY, "", ["kinesis"], "/source"),
        (KEY, "*", ["kinesis"], "/source"),
        (KEY, "hall", ["kinesis", "iot_events"], ""),
        (Key(id="k", name="hall", sources=frozenset({"*"})), "attic", ["iot_events"], None),
        (Key(id="k", name="hall", sinks=frozenset()), "hall", ["kinesis"], ""),
    ],
)
def test_an_event_must_be_of_the_keys_sources_and_for_its_sinks(
    key: Key, source: str, sinks: list, pointer: str | None
) -> None:
    """Its own name, the sources it was given, `*` for any; and every sink that the rules chose."""
    if pointer is None:
        key.check_event(source, sinks)
        return
    with pytest.raises(BadEvent) as refused:
        key.check_event(source, sinks)

    assert (refused.value.code, refused.value.pointer) == ("Forbidden", pointer)


def key_of_token(claims: dict, sinks: str = "") -> Key:
    """The key of a token with these claims, as API Gateway hands them over."""
    written = {name: value if isinstance(value, str) else json.dumps(value) for name, value in claims.items()}
    return Claims("sub", sinks).key(written, claims)


@pytest.mark.parametrize(
    ("given", "sinks"),
    [
        ({}, set()),
        ({"to": ""}, set()),
        ({"to": "[]"}, set()),
        ({"to": "kinesis"}, {"kinesis"}),
        ({"to": "[kinesis firehose]"}, {"kinesis", "firehose"}),
        ({"to": "openid firehose,iot_events other/kinesis"}, {"firehose", "iot_events"}),
        ({"to": "Kinesis kinesis2"}, set()),
        ({"to": 7}, set()),
        ({"to": ["kinesis", 7, ["firehose"], None]}, {"kinesis"}),
        ({"to": {"x": "y kinesis", "kinesis": True}}, set()),
    ],
)
def test_a_token_may_write_to_the_sinks_that_it_names(given: dict, sinks: set) -> None:
    """As API Gateway writes a list, or apart by spaces or commas; what is no sink's name means nothing."""
    key = key_of_token({"iss": "https://issuer.example", "sub": "hall", **given}, "to")

    assert (key.id, key.name, key.doors) == ("jwt:hall", "hall", {"events"})
    assert {name for name in SINK_NAMES if key.may_write_to(name)} == sinks
    assert not key.may_write_to("*")


def test_without_a_claim_for_sinks_a_token_may_write_to_all() -> None:
    """It writes to every sink, as a key without `--sinks` does, through one API."""
    key = key_of_token({"sub": "auth0|5f7c"})

    assert (key.name, key.sinks) == ("auth0|5f7c", EVERY_SINK)
    assert all(key.may_write_to(name) for name in SINK_NAMES)
    assert key.doors == {"events"}
    assert key.sources == frozenset()


@pytest.mark.parametrize(
    "given", [{}, {"sub": ""}, {"sub": "a\0b"}, {"sub": "a\nb"}, {"sub": "a" * 257}, {"SUB": "hall"}, {"sub": 5},
     {"sub": ["hall"]}, {"sub": {"hall": 1}}, {"sub": True}, {"sub": None}],
)  # fmt: skip
def test_a_token_must_name_its_source(given: dict) -> None:
    """One that can be written down, of at most 256 characters, and a string: a number's text may be another's name."""
    with pytest.raises(Forbidden, match="claim sub must be a string of 1 to 256 printable"):
        key_of_token(given)


def test_a_caller_is_known_by_its_name_or_by_its_issuer_and_source() -> None:
    """A rotated key is the same caller; a token is another than a key of the same name, and than another issuer's."""
    token = {"iss": "https://issuer.example", "sub": "hall"}
    keys = [Key(id="DK1A", name="hall"), key_of_token(token), key_of_token({**token, "iss": "https://b"})]

    assert [key.caller for key in keys] == ["key:hall", "jwt:https://issuer.example hall", "jwt:https://b hall"]
    assert Key(id="DK2B", name="hall").caller == keys[0].caller
