"""Whether API Gateway may call the function of each route: without the function's permission AWS answers 500."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.deployment import ACCOUNT, REGION, NotCreated
from local.iam.denial import Denied

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.gateway import HttpApi
    from local.iam.access import Services


def check_routes(find: Callable[[], HttpApi], access: Services) -> None:
    """Raises NotCreated, which names each route whose function API Gateway may not call.

    `find` raises LookupError where no API is deployed: there is no route then.
    """
    try:
        api = find()
    except LookupError:
        return
    denied = []
    for route in api.routes:
        function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{route.function}"
        try:
            access.check_service("apigateway.amazonaws.com", "lambda:InvokeFunction", function, source(api, route.key))
        except Denied as error:
            denied.append(f"  route {route.key}: {error}")
    if denied:
        raise NotCreated("\n".join(["functions that API Gateway may not call:", *denied]))


def source(api: HttpApi, route: str) -> str:
    """The ARN on whose behalf API Gateway calls: stage, method and path of the route.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    method, _, path = route.partition(" ")
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.api_id}/$default/{method}{path or '/$default'}"
