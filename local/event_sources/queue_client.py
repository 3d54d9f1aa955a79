"""The two SQS calls of an event source mapping at a small part of botocore's CPU: it makes them all the time."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any

import urllib3

_TIMEOUT_SECONDS = 60


class QueueRefused(Exception):
    """What the embedded AWS answered instead: code and message."""


class QueueClient:
    """`receive_message` and `delete_message_batch` as boto3 has them. Raises QueueRefused or urllib3's HTTPError.

    `endpoint` is the embedded AWS; id and token are of a role's access key. The embedded AWS reads from a signature
    whose it is and for which service, so nothing is signed here. Threads may share a client.
    """

    def __init__(self, endpoint: str, region: str, access_key_id: str, session_token: str) -> None:
        self._url = f"{endpoint}/"
        scope = f"{access_key_id}/20000101/{region}/sqs/aws4_request"
        self._headers = {
            "content-type": "application/x-amz-json-1.0",
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
            "x-amz-security-token": session_token,
        }
        self._pool = urllib3.PoolManager(maxsize=10, timeout=_TIMEOUT_SECONDS, retries=False)

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
        response = self._pool.request("POST", self._url, headers=headers, body=json.dumps(parameters))
        answer: dict[str, Any] = json.loads(response.data or b"{}")
        if response.status != HTTPStatus.OK:
            raise QueueRefused(f"{answer.get('__type', response.status)} {answer.get('message', '')}".rstrip())
        return answer
