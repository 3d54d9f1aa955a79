"""An embedded AWS in a process of its own, which answers expressions about its inside on its standard streams.

In a process of its own, because moto keeps its state in its modules: the process of the tests may hold another.
"""

import base64
import json
import pickle
import sys
from typing import Any

from local.aws import account, cloud_watch, deployed, server, verification
from local.functions import Invocation, TooManyRequests
from local.iam.keys import AccessKeys
from local.iam.operations import Needed


def run(name: str, payload: bytes) -> Invocation:
    """What a function would answer: its name with what it was given."""
    if b"throttle" in payload:
        raise TooManyRequests("Rate Exceeded.")
    ran.append((name, payload))
    return Invocation(name.encode() + b" " + payload, "Unhandled" if b"fail" in payload else None, "1")


def stamped(application: Any) -> Any:
    """A layer: every answer that passes it has a header of its own."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("x-layer", "passed")], *rest)

        return application(environ, start)

    return answer


def tell(value: Any) -> None:
    """Hands a value to the tests."""
    print(base64.b64encode(pickle.dumps(value)).decode(), file=sys.__stdout__, flush=True)


ran: list[tuple[str, bytes]] = []

if __name__ == "__main__":
    sys.stdout = sys.stderr
    given: dict[str, Any] = {"run": run, "api_endpoint": lambda: "http://localhost:9999", "layers": [stamped]}
    with server.AwsServer(**given, keys=AccessKeys() if "checked" in sys.argv else None) as aws:
        tell(aws.endpoint)
        names = {"aws": aws, "deployed": deployed, "verification": verification, "ran": ran, "server": server}
        names |= {"cloud_watch": cloud_watch, "account": account.MotoAccount(), "account_needed": Needed}
        for line in sys.stdin:
            try:
                tell(eval(json.loads(line), names))  # noqa: S307 - the tests' own expressions
            except Exception as error:  # noqa: BLE001 - the test judges it
                tell(error)
