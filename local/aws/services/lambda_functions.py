"""Lambda whose functions run in our own processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction

from local.aws.services import Completed
from local.functions import Invocation, RequestTooLarge, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Mapping

Run = Callable[[str, bytes], Invocation]  # a function's name and its payload → what came of it


class Lambda(Completed, LambdaBackend):
    """moto's control plane; `invoke` runs a function, given its name and its payload."""

    __module__ = LambdaBackend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(self, region_name: str, account_id: str, *, run: Run) -> None:
        super().__init__(region_name, account_id)
        self.run = run

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        """The function, its log group as `LoggingConfig` has it (moto knows only the default group)."""
        return with_log_group(super().create_function(spec), spec)

    def update_function_configuration(
        self, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The function's new configuration."""
        with_log_group(self.get_function(function_name, qualifier), body)
        return super().update_function_configuration(function_name, qualifier, body)

    def invoke(
        self, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        """The function's answer; nothing for invocation types Event (it runs on) and DryRun."""
        function = self.get_function(function_name, qualifier)
        payload = body.encode() if isinstance(body, str) else bytes(body or b"")
        return self.invoke_as(headers.get("X-Amz-Invocation-Type"), function.function_name, payload, response_headers)

    def invoke_as(self, kind: str | None, name: str, payload: bytes, headers: dict[str, str]) -> bytes:
        """The answer by invocation type; `headers` takes the answer's."""
        if kind == "DryRun":
            return b""
        if kind == "Event":
            threading.Thread(target=self.run, args=(name, payload), name=f"invoke {name}", daemon=True).start()
            return b""
        try:
            invocation = self.run(name, payload)
        except TooManyRequests as error:
            raise Refused(429, "TooManyRequestsException", str(error)) from error
        except RequestTooLarge as error:
            raise Refused(413, "RequestTooLargeException", str(error)) from error
        if invocation.function_error:
            headers["x-amz-function-error"] = invocation.function_error
        return invocation.payload


class Refused(LambdaClientError):
    """Lambda's answer to an invocation that did not run."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = status


def with_log_group(function: LambdaFunction, spec: Mapping[str, Any]) -> LambdaFunction:
    """The function, writing to the group that the specification names."""
    group = (spec.get("LoggingConfig") or {}).get("LogGroup")
    if group:
        function.logs_group_name = group
    return function
