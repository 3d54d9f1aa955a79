import pytest
from botocore.exceptions import ClientError

MULTIPART = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\xff\x00\r\n--B--\r\n'


@pytest.fixture(scope="module")
def bucket(aws) -> str:
    """A bucket."""
    aws.client("s3").create_bucket(Bucket="forms")
    return "forms"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"a=1&b=%20x&key=y"),
        ("application/x-www-form-urlencoded; charset=utf-8", bytes(range(256)) * 4800),
        ("multipart/form-data; boundary=B", MULTIPART),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=C", MULTIPART),
        ("application/json", b"{}"),
    ],
)
def test_an_object_is_the_bytes_that_were_put(aws, bucket: str, kind: str, body: bytes) -> None:
    """Whatever its Content-Type says, and the type comes back with it."""
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="a key", Body=body, ContentType=kind)

    found = s3.get_object(Bucket=bucket, Key="a key")

    assert found["Body"].read() == body
    assert found["ContentType"] == kind


def test_a_part_of_an_upload_is_the_bytes_that_were_put(aws, bucket: str) -> None:
    """An upload in parts keeps its bytes and its type too."""
    s3 = aws.client("s3")
    place = {"Bucket": bucket, "Key": "parts"}
    kind = "application/x-www-form-urlencoded"
    upload = {**place, "UploadId": s3.create_multipart_upload(**place, ContentType=kind)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"a=1&b=2")
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})

    found = s3.get_object(**place)

    assert (found["Body"].read(), found["ContentType"]) == (b"a=1&b=2", kind)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("text/caf\u00e9", "SignatureDoesNotMatch"),
        ("text/\u65e5", "SignatureDoesNotMatch"),
        ("text/" + "x" * 8192, "RequestHeaderSectionTooLarge"),
    ],
)
def test_what_cannot_be_a_header_is_refused(aws, bucket: str, kind: str, code: str) -> None:
    """As S3 refuses it: bytes beyond ASCII by their signature, more than 8 KB by their length."""
    with pytest.raises(ClientError, match=code):
        aws.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x", ContentType=kind)
