"""A client of a service that speaks AWS JSON: signed, sent and read here, at half of botocore's CPU.

A request of 500 keys takes 50 calls to the FIFO queue, a batch of ten detectors eleven to their table, and what
botocore does around each of them was the largest part of both; to import it was half of a cold start.
Proxies are not used.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from time import gmtime, strftime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from distributary.aws import timeouts
from distributary.aws.call import THROTTLING, failure
from distributary.aws.connections import Connections
from distributary.aws.environment import Credentials
from distributary.aws.signing import Signer
from distributary.clock import Clock
from distributary.errors import SinkUnavailable

_OK = 200


class JsonService(NamedTuple):
    """How a service is spoken to: `name` in endpoints and signatures, the prefix of `target`, `version` of AWS JSON."""

    name: str
    target: str
    version: str


class JsonClient:
    """A client whose methods are the service's operations under botocore's names; each raises SinkUnavailable.

    `find_credentials` gives today's, None where there are none; `connections` lead to the endpoint.
    """

    def __init__(  # noqa: PLR0917 - the parts that one client is made of
        self,
        service: JsonService,
        region: str,
        endpoint: str,
        user_agent: str,
        find_credentials: Callable[[], Credentials | None],
        connections: Connections,
        clock: Clock,
    ) -> None:
        self._service = service
        self._find_credentials = find_credentials
        self._connections = connections
        self._clock = clock
        self._signer = Signer(service.name, region)
        url = urlsplit(endpoint)
        self._path = url.path or "/"
        self._headers = {
            "content-type": f"application/x-amz-json-{service.version}",
            "host": url.netloc,
            "user-agent": user_agent,
        }

    def __getattr__(self, name: str) -> Callable[..., Mapping[str, Any]]:
        """The operation of this name, as in `put_record_batch`: AWS refuses one that there is not."""
        if name.startswith("_"):
            raise AttributeError(name)
        operation = name.title().replace("_", "")

        def method(**parameters: Any) -> Mapping[str, Any]:
            return self._call(operation, parameters)

        setattr(self, name, method)
        return method

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to at most `timeouts.ATTEMPTS` attempts; a record is sent again by no one here."""
        body = json.dumps(parameters, separators=(",", ":"), default=_written).encode()
        for _ in range(timeouts.ATTEMPTS - 1):
            try:
                return self._attempt(operation, body)
            except SinkUnavailable as error:
                if not error.retryable:
                    raise
                longest = timeouts.BACKOFF if error.code in THROTTLING else timeouts.TRANSIENT_BACKOFF
                self._clock.sleep(self._clock.random() * longest)
        return self._attempt(operation, body)

    def _attempt(self, operation: str, body: bytes) -> Mapping[str, Any]:
        credentials = self._find_credentials()
        if credentials is None:
            raise SinkUnavailable("NoCredentialsError", "AWS_ACCESS_KEY_ID is not set", retryable=False)
        now = strftime("%Y%m%dT%H%M%SZ", gmtime(self._clock.time()))
        headers = {**self._headers, "x-amz-target": f"{self._service.target}.{operation}"}
        signed = self._signer.sign(self._path, headers, body, credentials, now)
        return _read(*self._connections.post(self._path, signed, body))


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


def _written(value: object) -> str | float:
    """A blob, or a time, as AWS JSON writes it."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(type(value).__name__)
