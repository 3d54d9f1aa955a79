"""Function URLs: moto has one of each function, and none of an alias."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import FunctionUrlConfig, LambdaBackend

if TYPE_CHECKING:
    from collections.abc import Callable


class FunctionUrls(LambdaBackend):
    """The part of Lambda that is about function URLs; `endpoint` gives the address at which they are served."""

    endpoint: Callable[[], str]

    def named(self, function_name: str, qualifier: str | None = None) -> str:
        """`function` or `function:qualifier`."""
        raise NotImplementedError

    @cached_property
    def function_urls(self) -> dict[str, FunctionUrlConfig]:
        """The function URLs, by `function:qualifier`: moto knows none of an alias."""
        return {}

    def create_function_url_config(self, name_or_arn: str, config: dict[str, Any]) -> FunctionUrlConfig:
        """The URL of this qualifier; refused where it has one."""
        name = self.named(name_or_arn)
        if name in self.function_urls:
            message = f"Failed to create function url config for [functionArn = {name_or_arn}]. It exists already."
            raise Refused(409, "ResourceConflictException", message)
        made = self.function_urls[name] = FunctionUrlConfig(function=self.get_function(name_or_arn), config=config)
        made.url = f"{self.endpoint()}/"
        return made

    def get_function_url_config(self, name_or_arn: str) -> FunctionUrlConfig:
        """This qualifier's."""
        found = self.function_urls.get(self.named(name_or_arn))
        if found is None:
            raise Refused(404, "ResourceNotFoundException", "The resource you requested does not exist.")
        return found

    def update_function_url_config(self, name_or_arn: str, config: dict[str, Any]) -> FunctionUrlConfig:
        """This qualifier's, with everything that is given: moto would keep a CORS configuration that is taken away."""
        found = self.get_function_url_config(name_or_arn)
        found.config = {**found.config, **config}
        return found

    def delete_function_url_config(self, name_or_arn: str) -> None:
        """Forgets this qualifier's."""
        self.get_function_url_config(name_or_arn)
        del self.function_urls[self.named(name_or_arn)]

    def forget_urls_of(self, function: str) -> None:
        """Forgets the URLs of a function that is no more."""
        for name in [one for one in self.function_urls if one.partition(":")[0] == function]:
            del self.function_urls[name]


def limit_to_urls(statement: dict[str, Any]) -> None:
    """Turns what AddPermission says of function URLs into the statement's conditions: moto leaves it beside them.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    conditions: dict[str, dict[str, str]] = {}
    if kind := statement.pop("FunctionUrlAuthType", None):
        conditions["StringEquals"] = {"lambda:FunctionUrlAuthType": kind}
    if "InvokedViaFunctionUrl" in statement:
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": str(statement.pop("InvokedViaFunctionUrl")).lower()}
    if conditions:
        statement["Condition"] = {**statement.get("Condition", {}), **conditions}


class Refused(LambdaClientError):
    """Lambda's answer to an invocation that did not run."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = status
