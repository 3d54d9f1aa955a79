"""An AWS client that answers from a script and writes down what it was asked."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

Answer = Mapping[str, Any] | Exception | Callable[[dict[str, Any]], Mapping[str, Any]]


class FakeClient:
    """Each operation takes the next answer of its list, the last for ever: a mapping, an error or a function."""

    def __init__(self, **answers: Answer | list[Answer]) -> None:
        self._answers = {name: list(one) if isinstance(one, list) else [one] for name, one in answers.items()}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Mapping[str, Any]]:
        if operation not in self._answers:
            raise AttributeError(operation)

        def answer(**parameters: Any) -> Mapping[str, Any]:
            self.calls.append((operation, parameters))
            script = self._answers[operation]
            line = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(line, Exception):
                raise line
            return line(parameters) if callable(line) else line

        return answer


def aws_error(code: str, status: int = 400, message: str = "as AWS says it") -> ClientError:
    """What botocore raises where AWS answers with an error."""
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Operation")
