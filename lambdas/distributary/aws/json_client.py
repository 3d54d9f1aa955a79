"""A botocore client's frequent calls by a shorter way: signed, sent and read here, at half of botocore's CPU.

A request of 500 keys takes 50 calls to the FIFO queue, a batch of ten detectors eleven to their table, and what
botocore does around each of them was the largest part of both. Endpoint, region and credentials stay botocore's;
proxies are not used.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from time import gmtime, strftime
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import NoCredentialsError
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from distributary.aws import timeouts
from distributary.aws.call import THROTTLING, failure
from distributary.aws.signing import Credentials, Signer
from distributary.clock import Clock
from distributary.errors import SinkUnavailable

TRANSIENT_BACKOFF = 0.05
"""The longest pause before a second attempt after anything but throttling, in seconds: botocore's `standard`."""

_OK = 200


class JsonClient:
    """A client whose calls below raise SinkUnavailable; whatever else is asked of it, the botocore client does.

    `find_credentials` gives today's, None where there are none; `pool` leads to the client's own endpoint.
    """

    def __init__(
        self, client: Any, find_credentials: Callable[[], Credentials | None], pool: HTTPConnectionPool, clock: Clock
    ) -> None:
        self._client = client
        self._find_credentials = find_credentials
        self._pool = pool
        self._clock = clock
        model = client.meta.service_model
        self._signer = Signer(model.signing_name, client.meta.region_name)
        url = urlsplit(client.meta.endpoint_url)
        self._path = url.path or "/"
        self._target = model.metadata["targetPrefix"]
        self._headers = {
            "content-type": f"application/x-amz-json-{model.metadata['jsonVersion']}",
            "host": url.netloc,
            "user-agent": client.meta.config.user_agent,
        }

    def __getattr__(self, name: str) -> Any:
        """What the botocore client has under this name."""
        return getattr(self._client, name)

    def put_record(self, **parameters: Any) -> Mapping[str, Any]:
        """PutRecord's answer."""
        return self._call("PutRecord", parameters)

    def put_record_batch(self, **parameters: Any) -> Mapping[str, Any]:
        """PutRecordBatch's answer."""
        return self._call("PutRecordBatch", parameters)

    def put_records(self, **parameters: Any) -> Mapping[str, Any]:
        """PutRecords's answer."""
        return self._call("PutRecords", parameters)

    def batch_get_item(self, **parameters: Any) -> Mapping[str, Any]:
        """BatchGetItem's answer."""
        return self._call("BatchGetItem", parameters)

    def put_item(self, **parameters: Any) -> Mapping[str, Any]:
        """PutItem's answer."""
        return self._call("PutItem", parameters)

    def update_item(self, **parameters: Any) -> Mapping[str, Any]:
        """UpdateItem's answer."""
        return self._call("UpdateItem", parameters)

    def send_message_batch(self, **parameters: Any) -> Mapping[str, Any]:
        """SendMessageBatch's answer."""
        return self._call("SendMessageBatch", parameters)

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to at most `timeouts.ATTEMPTS` attempts; a record is sent again by no one here."""
        body = json.dumps(parameters, separators=(",", ":"), default=_base64).encode()
        for _ in range(timeouts.ATTEMPTS - 1):
            try:
                return self._attempt(operation, body)
            except SinkUnavailable as error:
                if not error.retryable:
                    raise
                longest = timeouts.BACKOFF if error.code in THROTTLING else TRANSIENT_BACKOFF
                self._clock.sleep(self._clock.random() * longest)
        return self._attempt(operation, body)

    def _attempt(self, operation: str, body: bytes) -> Mapping[str, Any]:
        credentials = self._find_credentials()
        if credentials is None:
            raise NoCredentialsError
        now = strftime("%Y%m%dT%H%M%SZ", gmtime(self._clock.time()))
        headers = {**self._headers, "x-amz-target": f"{self._target}.{operation}"}
        signed = self._signer.sign(self._path, headers, body, credentials, now)
        try:
            response = self._pool.urlopen("POST", self._path, body, signed, retries=False, redirect=False)
        except HTTPError as error:
            raise SinkUnavailable(type(error).__name__, str(error), retryable=True) from error
        return _read(response.status, response.data)


def _read(status: int, body: bytes) -> Mapping[str, Any]:
    """The members of an answer. Raises SinkUnavailable for an error, or for what is no answer."""
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        members = None
    if status != _OK:
        error = members if isinstance(members, dict) else {}
        code = str(error.get("__type", status)).rpartition("#")[2]
        raise failure(code, str(error.get("message") or error.get("Message") or ""), status)
    if not isinstance(members, dict):
        raise SinkUnavailable("ResponseParserError", "an answer that is not JSON", retryable=True)
    return members


def _base64(value: object) -> str:
    """A blob as AWS JSON writes it."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(type(value).__name__)
