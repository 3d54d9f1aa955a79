"""What botocore's service models say an operation may answer, for tests of what we answer in its place."""

from functools import cache

import botocore.session
from botocore.loaders import Loader

from distributary.aws.clients import MODELS

SERVICES = {"Firehose_20150804": "firehose", "Kinesis_20131202": "kinesis"}

# Errors that every operation has, under the names that services with AWS JSON give them, and a rest-json service:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html and
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
AUTHENTICATION = {
    "AccessDeniedException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}
COMMON = {
    **dict.fromkeys(AUTHENTICATION, 400),
    **dict.fromkeys(
        ["SerializationException", "ThrottlingException", "UnknownOperationException", "ValidationException"], 400
    ),
    "InternalFailure": 500,
}
COMMON_OF_REST = {**dict.fromkeys(AUTHENTICATION, 403), "ThrottlingException": 429}


@cache
def modelled(target: str) -> dict[str, int]:
    """The errors of the operation that an `x-amz-target` names, each with its status; none for one that AWS has not."""
    prefix, _, operation = target.partition(".")
    if prefix not in SERVICES:
        return {}
    model = Loader().load_service_model(SERVICES[prefix], "service-2")
    named = [error["shape"] for error in model["operations"].get(operation, {}).get("errors", ())]
    # AWS JSON names no status: 500 for what the model calls a fault, 400 else.
    return {name: 500 if model["shapes"][name].get("fault") else 400 for name in named}


def allowed(target: str) -> dict[str, int]:
    """Each error that may be answered for an `x-amz-target`, with its status."""
    return {**COMMON, **modelled(target)}


@cache
def allowed_by_iot_events(operation: str) -> dict[str, int]:
    """Likewise for an operation of the IoT Events Data API, whose model is ours since botocore has none."""
    session = botocore.session.get_session()
    session.get_component("data_loader").search_paths.append(str(MODELS))
    shapes = session.get_service_model("iotevents-data").operation_model(operation).error_shapes
    return {**COMMON_OF_REST, **{shape.name: shape.metadata["error"]["httpStatusCode"] for shape in shapes}}


@cache
def every_error() -> tuple[str, ...]:
    """The errors of every operation of both services."""
    models = [Loader().load_service_model(service, "service-2")["shapes"] for service in SERVICES.values()]
    return tuple(sorted({name for shapes in models for name, shape in shapes.items() if shape.get("exception")}))
