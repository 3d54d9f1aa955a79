"""A bucket and retry queues in memory, and everything of the library that keeps records there."""

import io
from typing import Any

from fake_client import FakeClient, aws_error

from distributary.aws.bucket import Bucket
from distributary.clock import Clock
from distributary.delivery.claim_check import ClaimCheck
from distributary.delivery.dead_letters import DeadLetters
from distributary.delivery.retry_queue import RetryQueue
from distributary.delivery.storing import StoringDelivery
from distributary.sinks.registry import SINK_NAMES

URLS = {name: f"https://sqs.example/1/{name}-spill" for name in SINK_NAMES}


class Keeping:
    """`objects` by key, `sent` message bodies by queue URL; `bucket_is_down` and `queues_are_down` refuse."""

    def __init__(self, clock: Clock) -> None:
        self.objects: dict[str, bytes] = {}
        self.sent: list[tuple[str, str]] = []
        self.bucket_is_down = self.queues_are_down = False
        self.s3 = FakeClient(put_object=self._put, get_object=self._get)
        self.sqs = FakeClient(send_message=self._send, change_message_visibility={}, change_message_visibility_batch={})
        self.bucket = Bucket(lambda: self.s3, "lake")
        self.retry_queue = RetryQueue(self.sqs, URLS, self.bucket, clock)
        self.dead_letters = DeadLetters(self.bucket, clock)
        self.delivery = StoringDelivery(self.retry_queue, self.dead_letters, clock)
        self.claim_check = ClaimCheck(self.bucket, clock)

    def lines(self, prefix: str) -> list[bytes]:
        """The lines of all objects under a prefix."""
        return [line for key, body in self.objects.items() if key.startswith(prefix) for line in body.splitlines()]

    def _put(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if self.bucket_is_down:
            raise aws_error("SlowDown", 503)
        self.objects[parameters["Key"]] = parameters["Body"]
        return {}

    def _get(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if self.bucket_is_down or parameters["Key"] not in self.objects:
            raise aws_error("AccessDenied", 403)
        return {"Body": io.BytesIO(self.objects[parameters["Key"]])}

    def _send(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if self.queues_are_down:
            raise aws_error("ServiceUnavailable", 503)
        self.sent.append((parameters["QueueUrl"], parameters["MessageBody"]))
        return {}
