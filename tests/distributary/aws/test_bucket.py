import io

import pytest
from fake_client import FakeClient, aws_error

from distributary.aws.bucket import Bucket
from distributary.errors import SinkUnavailable


def test_an_object_is_put_and_got() -> None:
    """The content goes under its key with its type, and comes back as bytes."""
    client = FakeClient(put_object={}, get_object={"Body": io.BytesIO(b"content")})
    bucket = Bucket(lambda: client, "lake")
    bucket.put("a/b", b"content", "text/plain")

    assert bucket.get("a/b") == b"content"
    assert client.calls == [
        ("put_object", {"Bucket": "lake", "Key": "a/b", "Body": b"content", "ContentType": "text/plain"}),
        ("get_object", {"Bucket": "lake", "Key": "a/b"}),
    ]


def test_the_client_is_made_once_and_only_when_it_is_needed() -> None:
    """A request that stores nothing in the bucket pays for no client."""
    made = []
    bucket = Bucket(lambda: made.append("client") or FakeClient(put_object={}), "lake")
    assert made == []

    bucket.put("a", b"")
    bucket.put("b", b"")
    assert made == ["client"]


def test_a_body_that_breaks_off_is_unavailable() -> None:
    """What S3 refuses is SinkUnavailable with its code."""
    bucket = Bucket(lambda: FakeClient(get_object=aws_error("NoSuchKey", 404)), "lake")

    with pytest.raises(SinkUnavailable) as error:
        bucket.get("a")
    assert error.value.code == "NoSuchKey"
