"""An SQS queue and Lambda's event source mapping in memory: what is received, what stays, what is set aside."""

from collections.abc import Callable, Mapping
from typing import Any

from fake_keeping import URLS, Keeping

SET_ASIDE_URLS = {name: f"{url}-set-aside" for name, url in URLS.items()}


def sqs_event(url: str, body: str, *, message_id: str = "m", receives: int = 1) -> dict[str, Any]:
    """Lambda's event with one message of a queue."""
    return {"Records": [sqs_record(url, body, message_id=message_id, receives=receives)]}


def sqs_record(url: str, body: str, *, message_id: str, receives: int) -> dict[str, Any]:
    """One message as Lambda's guide shows it."""
    return {
        "messageId": message_id,
        "receiptHandle": f"handle of {message_id}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1700000000000"},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:1:{url.rsplit('/', 1)[-1]}",
    }


class EventSource:
    """Hands whatever was sent to a handler, a message at a time, until nothing is left or the rounds are over."""

    def __init__(self, keeping: Keeping, take: Callable[[Mapping[str, Any]], list[str]]) -> None:
        self._keeping = keeping
        self._take = take
        self.waiting: list[tuple[str, str, int]] = []

    def drain(self, rounds: int) -> None:
        """So many rounds over everything that waits."""
        for _ in range(rounds):
            self.waiting += [(url, body, 0) for url, body in self._keeping.sent]
            self._keeping.sent.clear()
            self.waiting = [
                (url, body, receives + 1)
                for url, body, receives in self.waiting
                if self._take(sqs_event(url, body, receives=receives + 1))
            ]
