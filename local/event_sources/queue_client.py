"""The two SQS calls of an event source mapping at a small part of botocore's CPU: it makes them all the time."""

from __future__ import annotations

import base64
import json
import threading
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 60


class QueueRefused(Exception):
    """What the embedded AWS answered instead: code and message."""


class QueueClient:
    """`receive_message` and `delete_message_batch` as boto3 has them; each raises QueueRefused or OSError.

    `endpoint` is the embedded AWS; id and token are of a role's access key. The embedded AWS reads from a signature
    whose it is and for which service, so nothing is signed here. Threads share one client: each has its own connection.
    """

    def __init__(self, endpoint: str, region: str, access_key_id: str, session_token: str) -> None:
        self._place = urlsplit(endpoint).netloc
        scope = f"{access_key_id}/20000101/{region}/sqs/aws4_request"
        self._headers = {
            "content-type": "application/x-amz-json-1.0",
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
            "x-amz-security-token": session_token,
        }
        self._own = threading.local()

    def receive_message(self, **parameters: Any) -> dict[str, Any]:
        """ReceiveMessage."""
        answer = self._call("ReceiveMessage", parameters)
        for message in answer.get("Messages", ()):
            for attribute in message.get("MessageAttributes", {}).values():
                if "BinaryValue" in attribute:
                    attribute["BinaryValue"] = base64.b64decode(attribute["BinaryValue"])
        return answer

    def delete_message_batch(self, **parameters: Any) -> dict[str, Any]:
        """DeleteMessageBatch."""
        return self._call("DeleteMessageBatch", parameters)

    def _call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        headers = {**self._headers, "x-amz-target": f"AmazonSQS.{operation}"}
        status, body = self._post(headers, json.dumps(parameters).encode())
        answer: dict[str, Any] = json.loads(body or b"{}")
        if status != HTTPStatus.OK:
            raise QueueRefused(f"{answer.get('__type', status)} {answer.get('message', '')}".rstrip())
        return answer

    def _post(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection: HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = HTTPConnection(self._place, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            raise error if isinstance(error, OSError) else ConnectionError(repr(error)) from error
