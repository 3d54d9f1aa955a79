"""API Gateway whose APIs are reached at the local gateway's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.apigatewayv2.models import Api, ApiGatewayV2Backend

from local.aws.services import Completed

if TYPE_CHECKING:
    from collections.abc import Callable


class ApiGateway(Completed, ApiGatewayV2Backend):
    """moto's control plane; an API's endpoint is the gateway that serves it."""

    __module__ = ApiGatewayV2Backend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(self, region_name: str, account_id: str, *, endpoint: Callable[[], str]) -> None:
        super().__init__(region_name, account_id)
        self.endpoint = endpoint

    def create_api(self, *args: Any, **kwargs: Any) -> Api:
        """The API that was created."""
        api = super().create_api(*args, **kwargs)
        api.api_endpoint = self.endpoint()
        return api
