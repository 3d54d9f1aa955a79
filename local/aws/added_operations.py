"""Operations that the template's changes take and moto 5.2.5 lacks."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler
from moto.logs.responses import LogsResponse

if TYPE_CHECKING:
    from collections.abc import Iterator


def update_termination_protection(self: CloudFormationResponse) -> ActionResult:
    """Switches a stack's termination protection."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = bool(self._get_bool_param("EnableTerminationProtection"))
    return ActionResult({"StackId": stack.stack_id})


def update_stage(self: ApiGatewayV2Response) -> Any:
    """Changes what the request names of a stage of an HTTP API."""
    api_id, name = self.path.split("/")[-3], self.path.rpartition("/")[2].replace("%24", "$")
    api = self.apigatewayv2_backend.get_api(api_id)
    stage = api.create_stage({**api.get_stage(name).config, **json.loads(self.body), "stageName": name})
    return 200, {}, json.dumps(stage.to_json())


def associate_kms_key(self: LogsResponse) -> str:
    """Encrypts a log group with a key from now on."""
    self.logs_backend.groups[self._get_param("logGroupName")].kms_key_id = self._get_param("kmsKeyId")
    return ""


def disassociate_kms_key(self: LogsResponse) -> str:
    """Encrypts a log group with AWS's own key from now on."""
    self.logs_backend.groups[self._get_param("logGroupName")].kms_key_id = None
    return ""


MOTO_UPDATE_TABLE = DynamoHandler.update_table


def update_table(self: DynamoHandler) -> Any:
    """Changes a table, its encryption too, which moto leaves as it is."""
    table = self.dynamodb_backend.get_table(self.body["TableName"])
    if wanted := self.body.get("SSESpecification"):
        default = table._get_default_encryption_key(table.account_id, table.region_name)  # noqa: SLF001 - moto's way
        table.sse_specification = {"KMSMasterKeyId": default, **wanted}
    return MOTO_UPDATE_TABLE(self)


ADDED: dict[type, tuple[Any, ...]] = {
    ApiGatewayV2Response: (update_stage,),
    CloudFormationResponse: (update_termination_protection,),
    DynamoHandler: (update_table,),
    LogsResponse: (associate_kms_key, disassociate_kms_key),
}


@contextmanager
def added_operations() -> Iterator[None]:
    """Inside it, moto answers them."""
    with ExitStack() as undo:
        for responses, operations in ADDED.items():
            for operation in operations:
                name, former = operation.__name__, vars(responses).get(operation.__name__)
                undo.callback(restored, responses, name, former)
                setattr(responses, name, operation)
        yield


def restored(responses: type, name: str, former: Any) -> None:
    """Gives moto's own operation back, where it had one."""
    if former is None:
        delattr(responses, name)
    else:
        setattr(responses, name, former)
