"""The layer in front of the embedded AWS that checks each call of a function against its role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.faults.call import Call
from local.faults.layer import collected
from local.iam import objects
from local.iam.condition import NotEvaluated
from local.iam.denial import Denied, denied, unknown_client
from local.iam.request import Unmapped, needs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local.iam.access import Access
    from local.iam.keys import AccessKey, AccessKeys
    from local.iam.operations import Needed

    Application = Callable[..., Iterable[bytes]]

UNKNOWN = "NotImplemented"


class Enforcement:
    """Wraps a WSGI application: calls signed with one of `keys` are checked, all others are the operator's.

    `say` takes a line for each call that could not be checked: it is answered 501, and `access.faults` has the line.
    """

    def __init__(self, keys: AccessKeys, access: Access, say: Callable[[str], None] = print) -> None:
        self._keys = keys
        self._access = access
        self._say = say

    def __call__(self, application: Application) -> Application:
        """The application with the checks in front of it."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            key = self._keys.signed(environ)
            if key is None:
                return application(environ, start_response)
            call = Call(environ)
            if environ.get("HTTP_X_AMZ_SECURITY_TOKEN") != key.token:
                return unknown_client(call, start_response)
            try:
                return self._checked(application, call, key, start_response)
            except Denied as error:
                return denied(call, error, start_response)
            except (Unmapped, NotEvaluated) as error:
                return self._unknown(call, str(error), start_response)

        return answer

    def _checked(
        self, application: Application, call: Call, key: AccessKey, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        needs = needs_of(call)
        self._check(call, key, needs)
        if call.service != "s3" or not (listing := objects.listing(needs[0])):
            return application(call.environ, start_response)
        status, headers, body = collected(application, call)
        if status.startswith("404"):
            self._check(call, key, [listing])
        start_response(status, headers)
        return [body]

    def _check(self, call: Call, key: AccessKey, needs: list[Needed]) -> None:
        self._access.check(key.principal, call.service, needs)

    def _unknown(self, call: Call, message: str, start_response: Callable[..., Any]) -> list[bytes]:
        call.body  # noqa: B018 - read whole, whatever comes
        self._access.faults[message] = None
        self._say(f"IAM: {message}")
        body = json.dumps({"__type": UNKNOWN, "message": message}).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("x-amzn-errortype", UNKNOWN),
        ]
        start_response("501 Not Implemented", headers)
        return [body]
