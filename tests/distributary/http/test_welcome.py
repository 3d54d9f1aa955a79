import json

import pytest

from distributary.access.key_store import KeySettings
from distributary.http.request import Request
from distributary.http.welcome import welcome


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "with a key"),
        ({"jwt_source_claim": "sub"}, "at /v1/events with a JWT"),
        ({"auth": "open"}, "open: no key"),
    ],
)
def test_the_root_says_who_may_come_in(settings: dict, says: str) -> None:
    """GET / names the product, its version, its documentation, and whether a key is asked for."""
    response = welcome(KeySettings(**settings))(Request("GET", "/"))
    about = json.loads(response.body)

    assert (response.status, about["name"]) == (200, "distributary")
    assert set(about) == {"name", "version", "docs", "openapi", "access"}
    assert about["access"].startswith(says)
