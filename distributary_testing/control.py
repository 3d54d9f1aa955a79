"""The control plane on the wire: inputs and detector models are made, described, listed, changed and deleted."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from distributary.errors import BadDefinition
from distributary.http.request import Request, Response
from distributary_testing.detector_models import DetectorModels
from distributary_testing.inputs import Inputs
from distributary_testing.kept import Members, Refused

_STATUS = {
    "InvalidRequestException": 400,
    "ResourceNotFoundException": 404,
    "ResourceAlreadyExistsException": 409,
    "ResourceInUseException": 409,
    "UnsupportedOperationException": 501,
}
_SUCCESS = {"CreateInput": 201, "DeleteDetectorModel": 204}
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/")


class Control:
    """Answers the operations of the control plane."""

    def __init__(self, inputs: Inputs, models: DetectorModels) -> None:
        self._inputs = inputs
        self._models = models
        self._operations: Mapping[str, Callable[[Members], Members]] = {
            "CreateInput": inputs.create,
            "DescribeInput": inputs.describe,
            "UpdateInput": inputs.update,
            "DeleteInput": self._delete_input,
            "ListInputs": inputs.list,
            "CreateDetectorModel": models.create,
            "DescribeDetectorModel": models.describe,
            "UpdateDetectorModel": models.update,
            "DeleteDetectorModel": models.delete,
            "ListDetectorModels": models.list,
            "ListDetectorModelVersions": models.list_versions,
        }

    def answer(self, operation: str, request: Request) -> Response:
        """The wire's answer; any other operation is unsupported."""
        headers = {"content-type": "application/json", "x-amzn-requestid": request.id}
        try:
            answered = self._operations.get(operation, _unsupported)(_members(request))
        except BadDefinition as error:
            return _error(Refused("InvalidRequestException", "; ".join(error.faults)), headers)
        except Refused as error:
            return _error(error, headers)
        status = _SUCCESS.get(operation, 200)
        return Response(status, "" if status == 204 else json.dumps(_present(answered)), headers)  # noqa: PLR2004 - no content

    def _delete_input(self, asked: Members) -> Members:
        name = self._inputs.find(asked).name
        if readers := self._models.readers(name):
            raise Refused("ResourceInUseException", f"Input {name} is read by {', '.join(readers)}")
        return self._inputs.delete(asked)


def _unsupported(_asked: Members) -> Members:
    raise Refused("UnsupportedOperationException", "this operation is not served here")


def _members(request: Request) -> dict[str, Any]:
    """Body, path and query together, with the region that the request was signed for."""
    members = json.loads(request.body or "{}")
    kind, *rest = request.path.strip("/").split("/")
    if rest:
        members["inputName" if kind == "inputs" else "detectorModelName"] = rest[0]
    query = {name: value for name in ("version", "maxResults", "nextToken") if (value := request.parameter(name))}
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    return {**members, **query, "region": scope[1] if scope else "us-east-1"}


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _present(one) for name, one in value.items() if one is not None}
    return [_present(one) for one in value] if isinstance(value, Iterable) and not isinstance(value, str) else value


def _error(refused: Refused, headers: Mapping[str, str]) -> Response:
    answered = {**headers, "x-amzn-errortype": refused.code}
    return Response(_STATUS[refused.code], json.dumps(refused.members), answered)
