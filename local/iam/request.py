"""What a call over HTTP asks of IAM: one request for each action on each resource that it needs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from local.deployment import ACCOUNT, REGION
from local.iam import objects
from local.iam.operations import OPERATIONS, Needed
from local.iam.policy import Principal, Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.faults.call import Call

# Operations of the REST services: method and path. {name} is a part of the path, {name+} the rest of it.
PATHS = (
    ("lambda.Invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations"),
    ("scheduler.CreateSchedule", "POST", "/schedules/{Name}"),
    ("scheduler.GetSchedule", "GET", "/schedules/{Name}"),
    ("scheduler.DeleteSchedule", "DELETE", "/schedules/{Name}"),
    ("iotdata.Publish", "POST", "/topics/{topic+}"),
    ("iotsitewise.BatchPutAssetPropertyValue", "POST", "/properties"),
)
RENAMED = {"groupName": "GroupName"}  # parameters of the query, by the member that the body of another call has


class Unmapped(Exception):
    """A function called an operation of which nobody said what it needs; the message says where to say it."""


def requests_of(call: Call, principal: Principal) -> list[Request]:
    """The requests, of which each must be allowed. Raises Unmapped."""
    return requests(needs_of(call), principal, call.service)


def requests(needs: Iterable[Needed], principal: Principal, service: str) -> list[Request]:
    """The same with whole ARNs, and with what conditions may ask about every call."""
    general: dict[str, tuple[str, ...]] = {
        "aws:principalaccount": (principal.account,),
        "aws:principalarn": (principal.role,),
        "aws:requestedregion": (REGION,),
        "aws:securetransport": ("true",),  # on the loopback interface there is no TLS; an account has nothing else
    }
    if service == "s3":
        general["s3:tlsversion"] = ("1.3",)
    return [Request(one.action, whole(one.resource), {**general, **one.context}) for one in needs]


def whole(resource: str) -> str:
    """The ARN of a resource that is given as `service:rest`."""
    if resource == "*" or resource.startswith("arn:"):
        return resource
    service, _, rest = resource.partition(":")
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def needs_of(call: Call) -> list[Needed]:
    """What the call needs. Raises Unmapped."""
    if call.service == "s3":
        operation, found = f"{call.operation}?{call.environ.get('QUERY_STRING', '')}", objects.needs_of(call.environ)
    else:
        operation, parameters = named(call)
        known = OPERATIONS.get(operation)
        try:
            found = known(operation.partition(".")[2], parameters) if known else []
        except KeyError as error:
            raise Unmapped(f"{operation} names no resource: {error} is missing") from error
    if not found:
        raise Unmapped(f"{call.service}: what {operation} needs is not known: add it to {OPERATIONS_ARE_IN}")
    return found


OPERATIONS_ARE_IN = "local/iam/operations.py (S3: objects.py; REST paths: request.py)"


def named(call: Call) -> tuple[str, dict[str, Any]]:
    """`service.Operation` and its parameters, whichever protocol it came in."""
    if call.protocol == "json":
        return f"{call.service}.{call.operation}", call.parameters
    if call.protocol == "query":
        return f"{call.service}.{call.operation}", dict(parse_qsl(call.body.decode(errors="replace")))
    for operation, method, template in PATHS:
        found = expression(template).fullmatch(str(call.environ["PATH_INFO"]))
        if found and method == call.environ["REQUEST_METHOD"] and operation.startswith(f"{call.service}."):
            query = dict(parse_qsl(str(call.environ.get("QUERY_STRING", ""))))
            asked = {RENAMED.get(name, name): value for name, value in query.items()}
            return operation, {**body_of(call), **asked, **found.groupdict()}
    return f"{call.environ['REQUEST_METHOD']} {call.environ['PATH_INFO']}", {}


def expression(template: str) -> re.Pattern[str]:
    """The regular expression of a path template; `re` remembers it."""
    return re.compile(
        re.sub(r"\{(\w+)(\+?)\}", lambda part: f"(?P<{part[1]}>{'.+' if part[2] else '[^/]+'})", template)
    )


def body_of(call: Call) -> dict[str, Any]:
    """The members of a REST call's JSON body; nothing where the body is a payload."""
    if "json" not in str(call.environ.get("CONTENT_TYPE", "")):
        return {}
    value = json.loads(call.body or b"{}")
    return value if isinstance(value, dict) else {}
