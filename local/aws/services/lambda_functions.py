"""Lambda whose functions run in our own processes."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import LambdaClientError, UnknownEventConfig
from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction
from moto.sqs.models import sqs_backends

from local.aws.services import Completed
from local.aws.services.asynchronous import AsynchronousCall
from local.aws.services.function_urls import FunctionUrls, Refused, limit_to_urls
from local.functions import Invocation, RequestTooLarge, TooManyRequests
from local.iam.access import Unchecked
from local.iam.denial import Denied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.awslambda.models import EventSourceMapping

    from local.iam.access import Services

Run = Callable[[str, bytes], Invocation]  # a function's name and its payload → what came of it

LOG_LEVEL = "application_log_level"
"""What a function has where its log format is JSON; moto's has no such member."""

OF_ONE_VERSION = ("Description", "FunctionArn", "LastModified", "Version")


# docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
CONSUMING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
CANNOT_CONSUME = "The provided execution role does not have permissions to call"


class Lambda(FunctionUrls, Completed, LambdaBackend):
    """moto's control plane; `invoke` runs a function, given its name and its payload.

    What Lambda does in the name of a function is checked against its role, by `access`.
    """

    __module__ = LambdaBackend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(
        self,
        region_name: str,
        account_id: str,
        *,
        run: Run,
        access: Services | None = None,
        endpoint: Callable[[], str] = str,
    ) -> None:
        super().__init__(region_name, account_id)
        self.run = run
        self.access = access or Unchecked()
        self.endpoint = endpoint

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        """The function, its log as `LoggingConfig` has it (moto knows only the default)."""
        try:
            self.access.check_trust("lambda.amazonaws.com", spec["Role"], "")
        except Denied as error:
            raise invalid("The role defined for the function cannot be assumed by Lambda.") from error
        return with_logging(super().create_function(spec), spec)

    def create_event_source_mapping(self, spec: dict[str, Any]) -> EventSourceMapping:
        """The mapping; refused, as by AWS, where the function's role may not consume the queue."""
        function = self.get_function(spec["FunctionName"])
        for action in CONSUMING:
            try:
                self.access.check_role(function.role, function.function_name, action, spec["EventSourceArn"])
            except Denied as error:
                operation = action.partition(":")[2]
                raise invalid(f"{CANNOT_CONSUME} {operation} on SQS") from error
        return super().create_event_source_mapping(spec)

    def update_function_configuration(
        self, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The function's new configuration."""
        with_logging(self.get_function(function_name, qualifier), body)
        return super().update_function_configuration(function_name, qualifier, body)

    def publish_version(self, function_name: str, description: str = "") -> LambdaFunction:
        """A new version, or the last one where neither code nor configuration differ from it; no number comes twice."""
        latest = self.get_function(function_name)
        versions = self._lambdas._functions[latest.function_name]["versions"]  # noqa: SLF001 - moto's store
        if versions and substance(versions[-1]) == substance(latest):
            last: LambdaFunction = versions[-1]
            return last
        self.numbers[latest.function_arn] = self.numbers.get(latest.function_arn, 0) + 1
        version = copy.copy(latest)
        version.set_version(self.numbers[latest.function_arn])
        version.description = description or version.description
        versions.append(version)
        self._lambdas._arns[version.function_arn] = version  # noqa: SLF001 - likewise
        return version

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each function's last version, by ARN."""
        return {}

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """Deletes a function, or a version that no alias points to."""
        name, _, version = self.named(function_name, qualifier).partition(":")
        if aliases := [one.name for one in self.list_aliases(name) if version and one.function_version == version]:
            message = f"Version {version} of {name} cannot be deleted: its aliases are {', '.join(aliases)}"
            raise Refused(409, "ResourceConflictException", message)
        super().delete_function(function_name, qualifier)
        if not version:
            self.forget_urls_of(name)

    def add_permission(self, function_name: str, qualifier: str | None, raw: str) -> dict[str, Any]:
        """The statement, about the alias where one is named in whichever way: moto looks at `qualifier` alone.

        All of a function's are kept with its latest version, so that an alias may move.
        """
        name, _, alias = self.named(function_name, qualifier).partition(":")
        statement, _ = self.get_function(name).policy.add_statement(raw, alias or None)
        limit_to_urls(statement)
        return dict(statement)

    def remove_permission(self, function_name: str, sid: str, revision: str = "") -> None:
        """Forgets the statement."""
        super().remove_permission(self.named(function_name).partition(":")[0], sid, revision)

    def invoke(
        self, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        """The function's answer; nothing for invocation types Event (it runs on) and DryRun."""
        name = self.named(function_name, qualifier)
        payload = read_payload(body)
        return self.invoke_as(headers.get("X-Amz-Invocation-Type"), name, payload, response_headers)

    def named(self, function_name: str, qualifier: str | None = None) -> str:
        """`function` or `function:qualifier`, whichever way it was given."""
        given = qualifier or function_name.rpartition("function:")[2].partition(":")[2]
        name = str(self.get_function(function_name, qualifier).function_name)
        return f"{name}:{given}" if given else name

    def invoke_as(self, kind: str | None, name: str, payload: bytes, headers: dict[str, str]) -> bytes:
        """The answer by invocation type; `headers` takes the answer's."""
        if kind == "DryRun":
            return b""
        if kind == "Event":
            threading.Thread(target=self.asynchronous(name, payload), name=f"invoke {name}", daemon=True).start()
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

    def asynchronous(self, name: str, payload: bytes) -> AsynchronousCall:
        """The call, as the configuration of just this qualifier has it."""
        arn = f"arn:aws:lambda:{self.region_name}:{self.account_id}:function:{name}"
        found = self.invoke_configurations.get(self.qualified(name))
        send = partial(self.send, name)
        return AsynchronousCall(self.run, send, name, arn, payload, found.config if found else {})

    def send(self, name: str, queue_arn: str, text: str) -> None:
        """Puts a text into a queue in the name of a function's role; what that may not send is lost, as at AWS."""
        try:
            self.check_sending(name, queue_arn)
        except Denied as error:
            print(f"{name}: its destination was not sent to: {error}")
            return
        sqs_backends[self.account_id][self.region_name].send_message(queue_arn.rpartition(":")[2], text)

    def refuse_destination(self, name: str, arn: str) -> None:
        """As AWS, a destination must be one that the function's role may send to."""
        try:
            if ":sqs:" in arn:
                self.check_sending(name, arn)
        except Denied as error:
            words = f"The function's execution role does not have permissions to call SendMessage on {arn}"
            raise invalid(words) from error

    def check_sending(self, name: str, queue_arn: str) -> None:
        """Nothing, if the function's role may send to the queue. Raises Denied."""
        function = self.get_function(name)
        self.access.check_role(function.role, function.function_name, "sqs:SendMessage", queue_arn)

    @cached_property
    def invoke_configurations(self) -> dict[str, EventInvokeConfig]:
        """What is configured of asynchronous calls, by `function:qualifier`."""
        return {}

    def put_function_event_invoke_config(self, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """The configuration, of this qualifier alone: moto would take the function's first for all."""
        function = self.get_function(function_name)
        for destination in (config.get("DestinationConfig") or {}).values():
            self.refuse_destination(function_name, destination.get("Destination", ""))
        made = EventInvokeConfig(function.function_arn, function.last_modified, config)
        self.invoke_configurations[self.qualified(function_name)] = made
        return made.response()

    def get_function_event_invoke_config(self, function_name: str) -> dict[str, Any]:
        """This qualifier's."""
        found = self.invoke_configurations.get(self.qualified(function_name))
        if found is None:
            raise UnknownEventConfig(function_name)
        return found.response()

    def delete_function_event_invoke_config(self, function_name: str) -> None:
        """Forgets this qualifier's."""
        if self.invoke_configurations.pop(self.qualified(function_name), None) is None:
            raise UnknownEventConfig(function_name)

    def qualified(self, function_name: str) -> str:
        """`function:qualifier`: without one it is the latest version."""
        name = self.named(function_name)
        return name if ":" in name else f"{name}:$LATEST"


def read_payload(body: str | bytes | None) -> bytes:
    """The payload of a call: an empty object where it has none. Raises Refused where it is no JSON."""
    payload = (body.encode() if isinstance(body, str) else bytes(body or b"")) or b"{}"
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise Refused(400, "InvalidRequestContentException", message) from error
    return payload


def substance(function: LambdaFunction) -> dict[str, Any]:
    """What a version keeps: code and configuration, without what changes by publishing."""
    configuration: dict[str, Any] = function.get_configuration()
    return {key: value for key, value in configuration.items() if key not in OF_ONE_VERSION}


def invalid(message: str) -> LambdaClientError:
    """Lambda's InvalidParameterValueException."""
    return LambdaClientError("InvalidParameterValueException", message)


def with_logging(function: LambdaFunction, spec: Mapping[str, Any]) -> LambdaFunction:
    """The function, writing to the group and in the format that the specification names."""
    given = spec.get("LoggingConfig") or {}
    if group := given.get("LogGroup"):
        function.logs_group_name = group
    if given.get("LogFormat") == "JSON":
        vars(function)[LOG_LEVEL] = given.get("ApplicationLogLevel", "INFO")
    return function
