import re

from local.iam.keys import AccessKeys

ROLE = "arn:aws:iam::123456789012:role/r"


def authorization(number: str) -> dict[str, str]:
    """The headers of a request that is signed with a key."""
    return {"HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={number}/20260101/us-east-1/sqs/aws4_request, Signed…"}


def test_a_role_has_one_key_in_a_session() -> None:
    """The same each time; another role's and another session's are others. The ids look as AWS's temporary ones."""
    keys = AccessKeys()

    first = keys.of(ROLE, "f")

    assert keys.of(ROLE, "f") is first
    assert len({first.id, keys.of(ROLE, "g").id, keys.of("other", "f").id}) == 3
    assert re.fullmatch("ASIA[A-Z0-9]{16}", first.id)
    assert first.variables == {
        "AWS_ACCESS_KEY_ID": first.id,
        "AWS_SECRET_ACCESS_KEY": first.secret,
        "AWS_SESSION_TOKEN": first.token,
    }


def test_a_request_is_known_by_its_signature() -> None:
    """In the header or, presigned, in the query; the operator's keys are none of a role."""
    keys = AccessKeys()
    key = keys.of(ROLE, "f")

    assert keys.signed(authorization(key.id)) is key
    assert keys.signed({"QUERY_STRING": f"X-Amz-Credential={key.id}%2F20260101%2Fus-east-1"}) is key
    assert keys.signed(authorization("local")) is None
    assert keys.signed({}) is None
