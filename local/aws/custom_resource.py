"""Custom resources as CloudFormation has them: a function is called, and answers at the URL that it was given.

moto 5.2.5 tells its function of a creation only, waits for no answer, and takes any for success.
"""

from __future__ import annotations

import json
import threading
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from local.aws.services.lambda_functions import Run

    StandIn = Callable[[str, Mapping[str, Any]], None]  # Create, Update or Delete, and the request

PATH = "/_distributary/custom-resource/"


class CustomResourceFailed(Exception):
    """The function failed, answered FAILED, or did not answer."""


class CustomResources:
    """Tells functions of custom resources; `endpoint` gives the server's own URL.

    `stand_ins` do the work of functions that cannot run here, by the custom resource's type.
    """

    def __init__(self, run: Run, endpoint: Callable[[], str], stand_ins: Mapping[str, StandIn] | None = None) -> None:
        self._run = run
        self._stand_ins = stand_ins or {}
        self._endpoint = endpoint
        self._answers: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def tell(self, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The function's answer. Raises CustomResourceFailed. `kind`: Create, Update or Delete."""
        if stand_in := self._stand_ins.get(request["ResourceType"]):
            stand_in(kind, request)
            return {"PhysicalResourceId": request.get("PhysicalResourceId") or request["LogicalResourceId"]}
        number = str(uuid.uuid4())
        event = {
            **request,
            "RequestType": kind,
            "RequestId": number,
            "ResponseURL": f"{self._endpoint()}{PATH}{number}",
            "ServiceToken": request["ResourceProperties"]["ServiceToken"],
        }
        invocation = self._run(event["ServiceToken"], json.dumps(event).encode())
        with self._lock:
            answer = self._answers.pop(number, None)
        if invocation.function_error or answer is None:
            raise CustomResourceFailed(f"{invocation.function_error or 'no answer'}: {invocation.payload[:500]!r}")
        if answer["Status"] != "SUCCESS":
            raise CustomResourceFailed(str(answer.get("Reason", "no reason given")))
        return answer

    def in_front_of(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """The WSGI application that takes the functions' answers and leaves every other request to `application`."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if not environ["PATH_INFO"].startswith(PATH):
                return application(environ, start_response)
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            with self._lock:
                self._answers[environ["PATH_INFO"].removeprefix(PATH)] = json.loads(body)
            start_response("200 OK", [("Content-Length", "0")])
            return []

        return answer

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside it, moto's CloudFormation makes its custom resources so."""
        names = vars(parsing)
        moto, former = names["CustomModel"], vars(CalledResource).get("resources")
        names["CustomModel"], CalledResource.resources = CalledResource, self
        try:
            yield
        finally:
            names["CustomModel"] = moto
            if former is None:
                del CalledResource.resources
            else:
                CalledResource.resources = former


class CalledResource(CloudFormationModel):
    """A custom resource that exists."""

    resources: ClassVar[CustomResources]

    def __init__(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        self.request = {**request, "PhysicalResourceId": answer["PhysicalResourceId"]}
        self.data = answer.get("Data") or {}

    @staticmethod
    def cloudformation_type() -> str:
        """No type of its own: it stands for every `Custom::…`."""
        return "?"

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives."""
        return str(self.request["PhysicalResourceId"])

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whatever the function may answer."""
        return True

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        """What the function answered."""
        return self.data[attribute_name]

    def is_created(self) -> bool:
        """Always: its function has answered."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> Self:
        """The resource that its function made."""
        request = {
            "StackId": kwargs["StackId"],
            "LogicalResourceId": kwargs["LogicalId"],
            "ResourceType": kwargs["ResourceType"],
            "ResourceProperties": cloudformation_json.get("Properties", {}),
        }
        return cls(request, cls.resources.tell("Create", request))

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Self, new_resource_name: str, cloudformation_json: dict[str, Any], *_: Any, **__: Any
    ) -> Self:
        """The resource that its function changed."""
        before = original_resource.request
        request = {
            **before,
            "ResourceProperties": cloudformation_json.get("Properties", {}),
            "OldResourceProperties": before["ResourceProperties"],
        }
        return cls(request, cls.resources.tell("Update", request))

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any) -> None:
        """Never reached: moto calls `delete`."""

    def delete(self, account_id: str, region_name: str) -> None:
        """Tells its function."""
        self.resources.tell("Delete", self.request)
