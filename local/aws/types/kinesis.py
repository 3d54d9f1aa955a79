"""Amazon Kinesis: the data stream."""

from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties

ONE_SHARD = {"ShardCount": 1}  # what CloudFormation takes for a provisioned stream that names no number
DEFAULT_HOURS = 24  # CreateStream has no parameter for retention


def stream(properties: Properties) -> Properties:
    """CreateStream's parameters."""
    own = {key: value for key, value in properties.items() if key != "Name"}
    return {"StreamName": properties["Name"], **ONE_SHARD, **own}


def set_the_rest(client: Any, state: Properties) -> None:
    """Retention, mode, shards and encryption are calls of their own."""
    name = state["Name"]
    summary = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    state["StreamARN"] = summary["StreamARN"]
    set_retention(client, name, summary["RetentionPeriodHours"], int(state.get("RetentionPeriodHours", DEFAULT_HOURS)))
    set_encryption(client, name, summary.get("EncryptionType", "NONE"), state.get("StreamEncryption"))
    if "MaxRecordSizeInKiB" in state:
        client.update_max_record_size(
            StreamARN=summary["StreamARN"], MaxRecordSizeInKiB=int(state["MaxRecordSizeInKiB"])
        )
    mode = state.get("StreamModeDetails", {"StreamMode": "PROVISIONED"})
    if mode != summary["StreamModeDetails"]:
        client.update_stream_mode(StreamARN=summary["StreamARN"], StreamModeDetails=mode)
    wanted = int(state.get("ShardCount", summary["OpenShardCount"]))
    if mode["StreamMode"] == "PROVISIONED" and wanted != summary["OpenShardCount"]:
        client.update_shard_count(StreamName=name, TargetShardCount=wanted, ScalingType="UNIFORM_SCALING")


def set_encryption(client: Any, name: str, kind: str, wanted: Properties | None) -> None:
    """Encryption has one call to set it and one to end it."""
    if wanted:
        client.start_stream_encryption(StreamName=name, **wanted)
    elif kind != "NONE":
        client.stop_stream_encryption(StreamName=name, EncryptionType=kind, KeyId="alias/aws/kinesis")


def set_retention(client: Any, name: str, hours: int, wanted: int) -> None:
    """Retention has one call to raise it and one to lower it."""
    if wanted > hours:
        client.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=wanted)
    elif wanted < hours:
        client.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=wanted)


TYPES = (
    ResourceType(
        name="AWS::Kinesis::Stream",
        service="kinesis",
        create="CreateStream",
        delete="DeleteStream",
        ref="{Name}",
        attributes={"Arn": "{StreamARN}"},
        named_by="Name",
        name_length=128,
        translate=stream,
        beyond_create=("DesiredShardLevelMetrics", "RetentionPeriodHours", "StreamEncryption"),
        in_place=("MaxRecordSizeInKiB", "ShardCount", "StreamModeDetails"),
        deletion=stream,
        after=set_the_rest,
    ),
)
