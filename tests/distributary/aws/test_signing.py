from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoresCredentials
from hypothesis import given
from hypothesis import strategies as st

from distributary.aws.environment import Credentials
from distributary.aws.signing import Signer

WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789/+-_.", min_size=1, max_size=20)


class At(SigV4Auth):
    """botocore's signer at a time that is given."""

    def __init__(self, credentials, service, region, now) -> None:
        super().__init__(credentials, service, region)
        self.now = now

    def add_auth(self, request) -> None:
        request.context["timestamp"] = self.now
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        self._inject_signature_to_request(request, self.signature(self.string_to_sign(request, canonical), request))


@given(
    body=st.binary(max_size=100),
    secret=WORDS,
    token=st.none() | WORDS,
    target=WORDS,
    day=st.sampled_from(["20261122", "20270101"]),
)
def test_a_signature_is_the_one_that_botocore_makes(body, secret, token, target, day) -> None:
    """For any body, secret, token and day: the same Authorization header."""
    now = f"{day}T101500Z"
    credentials = Credentials("AKIDEXAMPLE", secret, token)
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": "sqs.eu-west-1.amazonaws.com",
        "x-amz-target": target,
    }
    theirs = AWSRequest("POST", "https://sqs.eu-west-1.amazonaws.com/", headers, body)
    At(BotocoresCredentials(*credentials), "sqs", "eu-west-1", now).add_auth(theirs)

    ours = Signer("sqs", "eu-west-1").sign("/", headers, body, credentials, now)

    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours.get("x-amz-security-token") == token
    assert ours["x-amz-date"] == now


def test_the_derived_key_follows_day_and_secret() -> None:
    """What one Signer has derived once does not outlive midnight or a change of credentials."""
    signer = Signer("sqs", "eu-west-1")
    asked = [("one", "20261122"), ("one", "20261123"), ("two", "20261123"), ("one", "20261122")]

    signed = [signer.sign("/", {"host": "h"}, b"", Credentials("A", secret), f"{day}T000000Z") for secret, day in asked]

    claims = [one["authorization"] for one in signed]
    assert claims[0] == claims[3]
    assert len(set(claims)) == 3
