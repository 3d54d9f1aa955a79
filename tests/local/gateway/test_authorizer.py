import json
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import RSAKey
from jwt_issuer import AUDIENCE, ISSUER, Issuer

from local.gateway.authorizer import Authorizer, BadKeys, Refused, read_keys

CASES = json.loads((Path(__file__).parents[2] / "cases" / "tokens.json").read_text())
NOW = 1000.5
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "hall", "exp": 1001}
OURS = Authorizer(ISSUER, (AUDIENCE, "second"))


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """Whose keys the gateway has."""
    return Issuer()


@pytest.fixture(scope="module")
def other() -> RSAKey:
    """A key of somebody else's."""
    return RSAKey.generate_key(2048)


@pytest.fixture(scope="module")
def keys(issuer, tmp_path_factory):
    """The keys as a file brings them."""
    file = tmp_path_factory.mktemp("jwks") / "jwks.json"
    file.write_text(issuer.published)
    return read_keys(file)


def name_of(case) -> str:
    """What a case is called."""
    return case["name"]


def authorizer_of(case) -> Authorizer:
    """The authorizer that a case asks for."""
    return Authorizer(ISSUER, (AUDIENCE, "second"), (*case.get("scopes", ()),))


def header_of(case, issuer: Issuer, other: RSAKey) -> str | None:
    """The Authorization header of a case."""
    if "header_text" in case:
        return case["header_text"]
    key = other if case.get("signed_by") == "other" else None
    token = issuer.token({**CLAIMS, **case.get("claims", {})}, case.get("header"), key)
    head, payload, signature = token.split(".")
    if case.get("tamper") == "payload":
        payload = issuer.token({**CLAIMS, "sub": "attic"}).split(".")[1]
    if case.get("tamper") == "signature":
        signature = ("A" if signature[0] != "A" else "B") + signature[1:]
    return f"{case.get('prefix', 'Bearer ')}{head}.{payload}.{signature}"


@pytest.mark.parametrize("case", [one for one in CASES if one["status"] == HTTPStatus.OK], ids=name_of)
def test_a_good_token_is_taken(case, issuer, other, keys) -> None:
    """Its claims come back as text, with its scopes where the route asks for some."""
    granted = authorizer_of(case).admit(header_of(case, issuer, other), keys, NOW)

    assert granted["claims"]["sub"] == "hall"
    assert granted["scopes"] == case.get("granted")


@pytest.mark.parametrize("case", [one for one in CASES if one["status"] != HTTPStatus.OK], ids=name_of)
def test_any_other_token_is_refused_as_api_gateway_does(case, issuer, other, keys) -> None:
    """401, or 403 where a scope is missing, with a challenge that says why in ASCII."""
    with pytest.raises(Refused) as refused:
        authorizer_of(case).admit(header_of(case, issuer, other), keys, NOW)

    assert refused.value.status == case["status"]
    assert refused.value.challenge == case.get("challenge", refused.value.challenge)
    assert case.get("says", "") in refused.value.challenge
    assert refused.value.challenge.isascii()


@given(st.text() | st.binary().map(lambda some: some.decode("latin-1")))
def test_whatever_the_header_holds_is_refused(keys, text: str) -> None:
    """Random text is never an error of ours, and never lets anyone in."""
    with pytest.raises(Refused):
        OURS.admit(f"Bearer {text}", keys, NOW)


def test_a_token_must_name_its_key(issuer, tmp_path) -> None:
    """One without a `kid` is refused, also where the issuer has one key only."""
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [issuer.ours.as_dict(private=False)]}))

    assert OURS.admit(issuer.token(CLAIMS), read_keys(file), NOW)
    with pytest.raises(Refused, match="names no key"):
        OURS.admit(issuer.token(CLAIMS, {"kid": None}), read_keys(file), NOW)


def test_claims_come_as_text(issuer, keys) -> None:
    """As API Gateway hands them over: numbers in digits, a list in brackets without commas."""
    claims = {**CLAIMS, "exp": 1795372106, "sinks": ["kinesis", "firehose"], "admin": True, "at": {"b": 1, "a": "x"}}

    told = OURS.admit(issuer.token(claims), keys, NOW)["claims"]

    expected = {"exp": "1795372106", "sinks": "[kinesis firehose]", "admin": "true", "at": "map[a:x b:1]"}
    assert told == {"iss": ISSUER, "aud": AUDIENCE, "sub": "hall", **expected}


def test_without_keys_nobody_comes_in(issuer) -> None:
    """A gateway that has no file refuses good tokens, and its log says what is missing."""
    with pytest.raises(Refused, match="JWKS=<file>") as refused:
        OURS.admit(issuer.token(CLAIMS), None, NOW)

    assert refused.value.status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("text", [None, "no", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "RSA"}]}', '{"keys": 7}'])
def test_a_file_that_is_no_key_set(tmp_path, text: str | None) -> None:
    """The message names it."""
    file = tmp_path / "jwks.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(BadKeys, match=r"jwks\.json: no JSON Web Key Set"):
        read_keys(file)
