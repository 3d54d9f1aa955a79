"""What a local stack's endpoint was asked and what it answered, judged by the OpenAPI document while tests run."""

from collections import Counter

from contract import Contract

from distributary.http.events_api.cloud_event import in_headers
from local.gateway.answer import Answer
from local.gateway.event import HttpRequest

_LARGEST = 100_000
"""Bytes of a body that is compared; larger ones are the same schema many times."""


class Exchanges:
    """Counts every exchange by operation and status; `faults` are those that the document does not allow."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[str, int]] = Counter()
        self.faults: list[str] = []
        self._contract = Contract()

    def append(self, request: HttpRequest, answer: Answer) -> None:
        """Judge one; preflights are API Gateway's."""
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return
        path = request.decoded_path
        operation = self._contract.operation(request.method, path)
        self.seen[operation[1]["operationId"] if operation else "none", int(answer.status)] += 1
        body = answer.body if len(answer.body) <= _LARGEST else None
        self.faults += self._contract.faults(request.method, path, int(answer.status), answer.headers, body)
        if self._must_be_documented(request, answer):
            media = request.headers.get("content-type", "")
            self.faults += self._contract.request_faults(request.method, path, media, request.body)

    @staticmethod
    def _must_be_documented(request: HttpRequest, answer: Answer) -> bool:
        """Whether a request was taken as a whole; AWS's APIs take null for none, and say 200 to bad entries."""
        compared = len(request.body) <= _LARGEST and not request.headers.get("content-encoding")
        compared = compared and not in_headers(request.headers)  # in binary mode the body is data of any kind
        return request.path == "/v1/events" and 200 <= answer.status < 300 and compared
