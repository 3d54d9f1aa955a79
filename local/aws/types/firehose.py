"""Amazon Data Firehose: the delivery stream."""

from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties, call


def destination_update(state: Properties) -> Properties:
    """UpdateDestination's parameters; moto counts a stream's versions, and it starts with "1"."""
    state["Version"] = str(int(state.get("Version", "0")) + 1)
    return {
        "DeliveryStreamName": state["DeliveryStreamName"],
        "CurrentDeliveryStreamVersionId": state["Version"],
        "DestinationId": "destinationId-000000000001",
        "ExtendedS3DestinationUpdate": state["ExtendedS3DestinationConfiguration"],
    }


def set_encryption(client: Any, state: Properties) -> None:
    """Encryption is changed by calls of its own; they are no error where it is as it should be already."""
    stream = {"DeliveryStreamName": state["DeliveryStreamName"]}
    wanted = state.get("DeliveryStreamEncryptionConfigurationInput")
    if wanted:
        call(
            client,
            "StartDeliveryStreamEncryption",
            {**stream, "DeliveryStreamEncryptionConfigurationInput": wanted},
            strict=True,
        )
    elif "DeliveryStreamEncryptionConfiguration" in described(client, stream):
        client.stop_delivery_stream_encryption(**stream)


def described(client: Any, stream: Properties) -> Properties:
    """The stream's description."""
    description: Properties = client.describe_delivery_stream(**stream)["DeliveryStreamDescription"]
    return description


TYPES = (
    ResourceType(
        name="AWS::KinesisFirehose::DeliveryStream",
        service="firehose",
        create="CreateDeliveryStream",
        update=("UpdateDestination",),
        delete="DeleteDeliveryStream",
        ref="{DeliveryStreamName}",
        attributes={"Arn": "{DeliveryStreamARN}"},
        named_by="DeliveryStreamName",
        change=destination_update,
        in_place=("ExtendedS3DestinationConfiguration", "DeliveryStreamEncryptionConfigurationInput"),
        after=set_encryption,
    ),
)
