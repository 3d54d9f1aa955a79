"""Amazon DynamoDB: the global table, which the CDK's `TableV2` is."""

from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties

OF_SEVERAL_REGIONS = (
    "GlobalTableSourceArn",
    "GlobalTableWitnesses",
    "MultiRegionConsistency",
    "ReadOnDemandThroughputSettings",
    "ReadProvisionedThroughputSettings",
    "WriteOnDemandThroughputSettings",
    "WriteProvisionedThroughputSettings",
)

CHANGEABLE = ("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "SSESpecification")
DESCRIBED = ("LatestStreamArn", "TableArn", "TableId")


def one_replica(properties: Properties) -> Properties:
    """CreateTable's parameters: what the template says of the only replica stands at the table itself."""
    replica = properties["Replicas"][0]
    own = {key: replica[key] for key in ("DeletionProtectionEnabled", "TableClass", "Tags") if key in replica}
    if "SSESpecification" in properties:
        own["SSESpecification"] = encryption(properties["SSESpecification"], replica)
    return {key: value for key, value in properties.items() if key != "Replicas"} | own


def encryption(specification: Properties, replica: Properties) -> Properties:
    """CreateTable's words for it; the replica names its key."""
    said = {("Enabled" if key == "SSEEnabled" else key): value for key, value in specification.items()}
    return {**said, **replica.get("SSESpecification", {})}


def changed(state: Properties) -> Properties:
    """UpdateTable's parameters: what the template no longer has of encryption and protection is taken back."""
    wanted = one_replica(state)
    unprotected = {"SSESpecification": {"Enabled": False}, "DeletionProtectionEnabled": False}
    return {**unprotected, **{key: wanted[key] for key in (*CHANGEABLE, "TableName") if key in wanted}}


def set_the_rest(client: Any, state: Properties) -> None:
    """Time to live and recovery are calls of their own; the table's description is laid open for GetAtt."""
    name = state["TableName"]
    described = client.describe_table(TableName=name)["Table"]
    state.update({key: described[key] for key in DESCRIBED if key in described})
    if "TimeToLiveSpecification" in state:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=state["TimeToLiveSpecification"])
    recovery = state["Replicas"][0].get("PointInTimeRecoverySpecification")
    if recovery:
        client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)


TYPES = (
    ResourceType(
        name="AWS::DynamoDB::GlobalTable",
        service="dynamodb",
        create="CreateTable",
        update=("UpdateTable",),
        delete="DeleteTable",
        ref="{TableName}",
        attributes={"Arn": "{TableArn}", "StreamArn": "{LatestStreamArn}", "TableId": "{TableId}"},
        named_by="TableName",
        name_length=255,
        translate=one_replica,
        change=changed,
        beyond_create=("TimeToLiveSpecification", *OF_SEVERAL_REGIONS),
        in_place=("Replicas",),
        after=set_the_rest,
    ),
)
