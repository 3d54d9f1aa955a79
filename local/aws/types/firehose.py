"""Amazon Data Firehose: the delivery stream."""

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties


def destination_update(state: Properties) -> Properties:
    """UpdateDestination's parameters; moto counts a stream's versions, and it starts with "1"."""
    state["Version"] = str(int(state.get("Version", "0")) + 1)
    return {
        "DeliveryStreamName": state["DeliveryStreamName"],
        "CurrentDeliveryStreamVersionId": state["Version"],
        "DestinationId": "destinationId-000000000001",
        "ExtendedS3DestinationUpdate": state["ExtendedS3DestinationConfiguration"],
    }


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
        in_place=("ExtendedS3DestinationConfiguration",),
    ),
)
