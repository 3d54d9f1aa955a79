"""The stage's bucket, as the library uses it: an object put, an object got, the client made when it is first needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from distributary.aws.call import call
from distributary.settings import Settings


@dataclass(frozen=True, kw_only=True)
class BucketSettings(Settings):
    """The stage's bucket: large data, pending records and dead letters are stored in it, beside the events."""

    bucket_name: str


class Bucket:
    """One bucket; `client` makes the S3 client, which no request needs while nothing fails."""

    def __init__(self, client: Callable[[], Any], name: str) -> None:
        self._make = client
        self._client: Any = None
        self.name = name

    def put(self, key: str, content: bytes, content_type: str = "application/octet-stream") -> None:
        """Store an object. Raises SinkUnavailable."""
        call(self._s3.put_object, Bucket=self.name, Key=key, Body=content, ContentType=content_type)

    def get(self, key: str) -> bytes:
        """What the object holds. Raises SinkUnavailable, also where there is no such object."""
        return call(self._read, key=key)["content"]  # type: ignore[no-any-return]  # it is bytes, among AWS's JSON

    def _read(self, key: str) -> Mapping[str, Any]:
        return {"content": self._s3.get_object(Bucket=self.name, Key=key)["Body"].read()}

    @property
    def _s3(self) -> Any:
        self._client = self._client or self._make()
        return self._client
