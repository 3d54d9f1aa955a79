"""Whether the function of each route, or of a function URL, may be called: AWS answers 500, or 403, where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.deployment import ACCOUNT, REGION, NotCreated
from local.gateway import FUNCTION_URL
from local.iam.denial import Denied

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.gateway import HttpApi
    from local.iam.access import Services
    from local.iam.condition import Context


OF_A_URL: Context = {"lambda:functionurlauthtype": ("NONE",), "lambda:invokedviafunctionurl": ("true",)}
"""What conditions may ask about a call through a function URL without IAM."""


def check_routes(find: Callable[[], HttpApi], access: Services) -> None:
    """Raises NotCreated, which names each route whose function API Gateway may not call.

    `find` raises LookupError where no API is deployed: there is no route then.
    """
    try:
        api = find()
    except LookupError:
        return
    if api.rules is FUNCTION_URL:
        check_url(api, access)
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


def check_url(api: HttpApi, access: Services) -> None:
    """Raises NotCreated, which names each of the two permissions that anybody needs and does not have.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    denied = []
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{api.routes[0].function}"
    for action in ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
        try:
            access.check_anybody(action, function, OF_A_URL)
        except Denied as error:
            denied.append(f"  {error}")
    if denied:
        raise NotCreated("\n".join(["the function URL may not be called:", *denied]))


def source(api: HttpApi, route: str) -> str:
    """The ARN on whose behalf API Gateway calls: stage, method and path of the route.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    method, _, path = route.partition(" ")
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.api_id}/$default/{method}{path or '/$default'}"
