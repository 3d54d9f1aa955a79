import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.errors import Unauthorized
from distributary.http.auth.credentials import Credential, read_credentials
from distributary.http.request import Request

CASES = json.loads((Path(__file__).parents[3] / "cases/credentials.json").read_text())


def request(case: dict) -> Request:
    """The request of a case."""
    return Request("POST", "/v1/events", case.get("headers", {}), case.get("query", ""))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["is"])
def test_credentials_are_read_from_every_place_and_no_other(case: dict) -> None:
    """Each case of credentials.json: the id and secret, or the reason why there is none."""
    if "refused" in case:
        with pytest.raises(Unauthorized, match=case["refused"]):
            read_credentials(request(case))
        return
    credential = read_credentials(request(case))

    assert (credential.id, credential.secret) == (case["id"], case["secret"])
    assert credential.in_url is case.get("in_url", False)


anything = st.text(max_size=40) | st.sampled_from(["Bearer ", "Basic ", "key=", "."])
headers = st.fixed_dictionaries({}, optional={"authorization": anything, "x-api-key": anything})


@given(headers, anything)
def test_any_header_and_query_is_read_or_refused(headers: dict[str, str], query: str) -> None:
    """Nothing a client sends raises anything else."""
    try:
        credential = read_credentials(Request("POST", "/v1/events", headers, query))
    except Unauthorized:
        return
    assert credential.id
    assert credential.secret


def test_a_refusal_does_not_repeat_the_secret() -> None:
    """Details are answered and may be logged."""
    for case in CASES:
        if "refused" in case:
            with pytest.raises(Unauthorized) as refusal:
                read_credentials(request(case))
            assert "s3cret" not in str(refusal.value)


def test_a_credential_does_not_show_its_secret() -> None:
    """Not even where somebody prints it."""
    assert "s3cret" not in repr(Credential("DK1", "s3cret"))
