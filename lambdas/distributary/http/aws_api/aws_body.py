"""The object that a request of the AWS-compatible API carries, in the form that it says: AWS JSON 1.1 or CBOR."""

from distributary.http import structure
from distributary.http.aws_api.answer import CBOR, JSON, speaks_cbor
from distributary.http.aws_api.aws_errors import service_of
from distributary.http.request import Request
from distributary.http.structure import Structure, serialization_error


def read_aws_body(request: Request) -> Structure:
    """The request's object. Raises BadRequest `SerializationException`.

    CBOR is Kinesis' alone, as at AWS. Any other Content-Type is taken for JSON.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise serialization_error(f"Content-Encoding {encoding[:100]} is not spoken here")
    if speaks_cbor(request) and service_of(request.headers.get("x-amz-target", "")) == "kinesis":
        return _from_cbor(request.body)
    if "cbor" in request.headers.get("content-type", "").lower():
        raise serialization_error(f"CBOR is spoken as {CBOR}, and to Kinesis alone; else {JSON}")
    return structure.read_structure(request.body)


def _from_cbor(body: bytes | str) -> Structure:
    from distributary.http.aws_api import cbor  # noqa: PLC0415 - one client in many speaks it

    try:
        value = cbor.read_cbor(body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass"))
    except cbor.NotCbor as error:
        raise serialization_error(f"the body is not CBOR that this API takes: {error}") from error
    if not isinstance(value, dict):
        raise serialization_error("Expected a structure")
    return Structure(value, binary=True)
