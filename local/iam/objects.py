"""What each operation of S3 needs: which one it is depends on method, path and query.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

from local.iam.operations import Needed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# (method, on an object, what the query says it is) → the action
ACTIONS = {
    ("PUT", True, ""): "s3:PutObject",
    ("PUT", True, "uploadId"): "s3:PutObject",  # a part
    ("POST", True, "uploads"): "s3:PutObject",
    ("POST", True, "uploadId"): "s3:PutObject",
    ("DELETE", True, "uploadId"): "s3:AbortMultipartUpload",
    ("GET", True, "uploadId"): "s3:ListMultipartUploadParts",
    ("GET", True, ""): "s3:GetObject",
    ("HEAD", True, ""): "s3:GetObject",
    ("GET", True, "versionId"): "s3:GetObjectVersion",
    ("HEAD", True, "versionId"): "s3:GetObjectVersion",
    ("DELETE", True, ""): "s3:DeleteObject",
    ("DELETE", True, "versionId"): "s3:DeleteObjectVersion",
    ("GET", False, ""): "s3:ListBucket",
    ("HEAD", False, ""): "s3:ListBucket",
    ("GET", False, "uploads"): "s3:ListBucketMultipartUploads",
    ("GET", False, "location"): "s3:GetBucketLocation",
}
# Parameters of an operation, which do not make it another one.
PARAMETERS = {
    *("list-type", "prefix", "delimiter", "max-keys", "start-after", "continuation-token", "encoding-type"),
    *("fetch-owner", "marker", "partNumber", "x-id", "max-parts", "part-number-marker", "max-uploads"),
}
# Headers that make an operation need more than its action: of another object, of tags, of an access list, of a key.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, "Permissions"
NEEDING_MORE = re.compile(r"HTTP_X_AMZ_(ACL|BYPASS_.+|COPY_SOURCE|GRANT_.+|OBJECT_LOCK_.+|SERVER_SIDE_.+|TAGGING)")
READING = ("s3:GetObject", "s3:GetObjectVersion")


class Place(NamedTuple):
    """A bucket, and the key of an object in it or nothing."""

    bucket: str
    key: str

    @property
    def arn(self) -> str:
        """The ARN of the object, or of the bucket."""
        return f"arn:aws:s3:::{self.bucket}/{self.key}" if self.key else f"arn:aws:s3:::{self.bucket}"


def place_of(environ: Mapping[str, Any]) -> Place:
    """Bucket and key of a request: the bucket is the first part of the path, or of the host (`bucket.localhost`)."""
    path = str(environ["PATH_INFO"]).removeprefix("/")
    host, dot, _ = str(environ.get("HTTP_HOST", "")).partition(":")[0].rpartition(".localhost")
    if dot:
        return Place(host, path)
    bucket, _, key = path.partition("/")
    return Place(bucket, key)


def needs_of(environ: Mapping[str, Any]) -> list[Needed]:
    """What the request needs; nothing where the operation has no row above, or needs more than its row says."""
    place = place_of(environ)
    query = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    kinds = sorted(query.keys() - PARAMETERS)
    action = ACTIONS.get((str(environ["REQUEST_METHOD"]), bool(place.key), "".join(kinds)))
    if action is None or any(map(NEEDING_MORE.fullmatch, environ)):
        return []
    return [Needed(action, place.arn)]


def listing(needed: Needed) -> Needed | None:
    """What it takes to be told that an object does not exist; without it S3 denies access. None but for reading.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions".
    """
    if needed.action not in READING:
        return None
    return Needed("s3:ListBucket", needed.resource.partition("/")[0])
