"""AWS Lambda: functions, versions, aliases, permissions, event source mappings."""

import io
import zipfile
from typing import Any

from local.aws.instance import Refused
from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties, call


def with_code(properties: Properties) -> Properties:
    """CreateFunction's parameters: code that stands in the template itself is packed as `index.py`, as AWS does."""
    code = properties["Code"]
    return {**properties, "Code": {**code, "ZipFile": packed(code["ZipFile"])} if "ZipFile" in code else code}


def packed(source: str) -> bytes:
    """A deployment package of one file, the same for the same source: its hash says whether code is new."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), source)
    return package.getvalue()


def new_code_and_configuration(state: Properties) -> Properties:
    """The parameters of UpdateFunctionConfiguration and UpdateFunctionCode, defaults included."""
    defaults = {"Description": "", "Environment": {"Variables": {}}, "MemorySize": 128, "Timeout": 3, "Layers": []}
    own = {key: value for key, value in state.items() if key not in ("Version", "RevisionId", "CodeSha256")}
    return {**defaults, **own, **with_code(state)["Code"]}


def reserve(client: Any, state: Properties) -> None:
    """Reserved concurrency is a call of its own."""
    if "ReservedConcurrentExecutions" in state:
        client.put_function_concurrency(
            FunctionName=state["FunctionName"],
            ReservedConcurrentExecutions=int(state["ReservedConcurrentExecutions"]),
        )


def publish(client: Any, state: Properties) -> None:
    """PublishVersion, which answers with a version that exists where nothing changed: CloudFormation refuses that."""
    name = state["FunctionName"]
    former = [one["Version"] for one in client.list_versions_by_function(FunctionName=name)["Versions"]]
    version = call(client, "PublishVersion", state, strict=False)
    if version["Version"] in former:
        raise Refused(
            f"A version for this Lambda function exists ( {version['Version']} ). "
            "Modify the function to create a new version."
        )
    state.update(version)


def version_to_delete(state: Properties) -> Properties:
    """A version is deleted as the function with that qualifier."""
    return {"FunctionName": state["FunctionName"], "Qualifier": state["Version"]}


def weighted(properties: Properties) -> Properties:
    """CreateAlias's parameters: templates give the weights of further versions as a list, the API takes a map."""
    weights = properties.get("RoutingConfig", {}).get("AdditionalVersionWeights")
    if not isinstance(weights, list):
        return properties
    by_version = {weight["FunctionVersion"]: weight["FunctionWeight"] for weight in weights}
    return {**properties, "RoutingConfig": {"AdditionalVersionWeights": by_version}}


def under_its_qualifier(properties: Properties) -> Properties:
    """The parameters with the qualifier in the function's name: moto looks for it nowhere else."""
    name, qualifier = properties["FunctionName"], properties["Qualifier"]
    others = {key: value for key, value in properties.items() if key != "Qualifier"}
    return others if qualifier == "$LATEST" else {**others, "FunctionName": f"{name}:{qualifier}"}


def of_url(properties: Properties) -> Properties:
    """The parameters of a function URL's calls, under its alias; a CORS configuration that is gone is an empty one."""
    others = {key: value for key, value in properties.items() if key != "TargetFunctionArn"}
    target = {"FunctionName": properties["TargetFunctionArn"], "Qualifier": "$LATEST"}
    return under_its_qualifier({"Cors": {}, **target, **others})


ON_ONE_MACHINE_WITHOUT_MEANING = ("RuntimeManagementConfig", "RecursiveLoop")

TYPES = (
    ResourceType(
        name="AWS::Lambda::Function",
        service="lambda",
        create="CreateFunction",
        update=("UpdateFunctionConfiguration", "UpdateFunctionCode"),
        delete="DeleteFunction",
        ref="{FunctionName}",
        attributes={"Arn": "{FunctionArn}"},
        named_by="FunctionName",
        translate=with_code,
        change=new_code_and_configuration,
        beyond_create=("ReservedConcurrentExecutions", *ON_ONE_MACHINE_WITHOUT_MEANING),
        in_place=("Code", "Tags"),
        after=reserve,
    ),
    ResourceType(
        name="AWS::Lambda::Version",
        service="lambda",
        delete="DeleteFunction",
        ref="{FunctionArn}",
        attributes={"FunctionArn": "{FunctionArn}", "Version": "{Version}"},
        deletion=version_to_delete,
        after=publish,
    ),
    ResourceType(
        name="AWS::Lambda::Alias",
        service="lambda",
        create="CreateAlias",
        update=("UpdateAlias",),
        delete="DeleteAlias",
        ref="{AliasArn}",
        attributes={"AliasArn": "{AliasArn}"},
        translate=weighted,
        change=weighted,
        beyond_create=("ProvisionedConcurrencyConfig",),
    ),
    ResourceType(
        name="AWS::Lambda::EventInvokeConfig",
        service="lambda",
        create="PutFunctionEventInvokeConfig",
        update=("PutFunctionEventInvokeConfig",),
        delete="DeleteFunctionEventInvokeConfig",
        translate=under_its_qualifier,
        change=under_its_qualifier,
        deletion=under_its_qualifier,
        in_place=("Qualifier",),
    ),
    ResourceType(
        name="AWS::Lambda::EventSourceMapping",
        service="lambda",
        create="CreateEventSourceMapping",
        update=("UpdateEventSourceMapping",),
        delete="DeleteEventSourceMapping",
        ref="{UUID}",
        attributes={"EventSourceMappingArn": "{EventSourceMappingArn}", "Id": "{UUID}"},
    ),
    ResourceType(
        name="AWS::Lambda::Url",
        service="lambda",
        create="CreateFunctionUrlConfig",
        update=("UpdateFunctionUrlConfig",),
        delete="DeleteFunctionUrlConfig",
        ref="{FunctionArn}",
        attributes={"FunctionArn": "{FunctionArn}", "FunctionUrl": "{FunctionUrl}"},
        translate=of_url,
        change=of_url,
        deletion=of_url,
    ),
    ResourceType(
        name="AWS::Lambda::Permission",
        service="lambda",
        create="AddPermission",
        delete="RemovePermission",
        ref="{StatementId}",
        attributes={"Id": "{StatementId}"},
        named_by="StatementId",
        name_length=100,
    ),
)
