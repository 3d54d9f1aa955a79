import pytest

from distributary.errors import SettingsError
from distributary_cdk.entrance import DomainProps, HttpProps, JwtProps
from distributary_cdk.table import read


def faults_of(kind, **given):
    """What is wrong with props of this kind."""
    try:
        kind(**given)
    except SettingsError as error:
        return [*error.faults]
    return []


def test_without_an_issuer_keys_are_taken():
    """What ships asks for no token, and has no fault."""
    assert HttpProps().jwt == JwtProps()
    assert faults_of(HttpProps) == []


def test_faults_stand_under_their_table():
    """A fault of a token's settings names its place in `[http]`."""
    faults: list[str] = []

    assert read(HttpProps, {"jwt": {"issuer": "http://a", "audience": ["b"]}}, faults, place="http.") == HttpProps()
    assert faults == ["http.jwt.issuer = 'http://a': must be an https URL, as the tokens' iss has it"]


MISSING = "issuer: is missing, and without it no token is taken"
AUDIENCE = "audience: must name whom the tokens are for, as their aud or client_id"


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, []),
        ({"source_claim": ""}, []),
        ({"audience": ("a",)}, [MISSING]),
        ({"scopes": ("a",)}, [MISSING]),
        ({"sinks_claim": "a"}, [MISSING]),
        ({"issuer": "https://a", "audience": ("b",)}, []),
        ({"issuer": "https://a"}, [AUDIENCE]),
        ({"issuer": "https://a", "audience": ("b", "")}, [AUDIENCE]),
        (
            {"issuer": "https://a", "audience": ("b",), "source_claim": ""},
            ["source_claim: must name the claim that events without a source have theirs from"],
        ),
    ],
)
def test_what_is_said_of_tokens_is_whole_or_a_fault(given, faults):
    """An issuer needs an audience and a source's claim; nothing else is of use without an issuer."""
    assert faults_of(JwtProps, **given) == faults


DOMAIN = {
    "name": "events.example.com",
    "certificate": "arn:aws:acm:eu-west-1:123456789012:certificate/0f0f-1",
    "zone_id": "Z0123456789ABC",
}
HOST = 'a host name in lower case, such as "events.example.com"'


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({}, []),
        ({"name": "", "certificate": "", "zone_id": ""}, []),
        *(({name: ""}, [f"{name}: is missing; a domain needs name, certificate and zone_id"]) for name in DOMAIN),
        ({"name": "Events.example.com"}, [f"name = 'Events.example.com': must be {HOST}"]),
        ({"name": "localhost"}, [f"name = 'localhost': must be {HOST}"]),
        ({"name": "a-.example"}, [f"name = 'a-.example': must be {HOST}"]),
        (
            {"certificate": "arn:aws:iam::1:x"},
            ["certificate = 'arn:aws:iam::1:x': must be the ARN of an ACM certificate"],
        ),
        ({"zone_id": "z1"}, ["zone_id = 'z1': must be the id of a hosted zone, such as \"Z0123456789ABC\""]),
    ],
)
def test_a_domain_is_whole_or_a_fault(changed, faults):
    """All of it or nothing, each in its form."""
    assert faults_of(DomainProps, **{**DOMAIN, **changed}) == faults


NO_ORIGIN = "cors_origins: '{}' must be scheme://host[:port] without a path, as in 'https://{}', or '*'"


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"cors_origins": ("https://a.example", "http://localhost:3000", "capacitor://localhost")}, []),
        ({"cors_origins": ("*",)}, []),
        ({"cors_origins": ("app.example.com",)}, [NO_ORIGIN.format("app.example.com", "app.example.com")]),
        ({"cors_origins": ("https://a.example/",)}, [NO_ORIGIN.format("https://a.example/", "a.example")]),
        ({"webhook_origins": ("emitter.example.com", "*")}, []),
        (
            {"webhook_origins": ("https://a.example",)},
            ["webhook_origins: 'https://a.example' must be a host name, such as 'emitter.example.com', or '*'"],
        ),
    ],
)
def test_origins_have_their_form(given, faults):
    """An origin that no browser sends, or a URL where a host name stands, would let nobody in."""
    assert faults_of(HttpProps, **given) == faults
