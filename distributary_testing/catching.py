"""botocore's requests to IoT Events, caught before they are sent, as moto does with those to other services."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial, wraps
from inspect import iscoroutinefunction
from io import BytesIO
from pathlib import Path
from typing import Any, overload
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import botocore
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.handlers import BUILTIN_HANDLERS

import distributary
from distributary.http.request import Request
from distributary_testing.service import IotEvents

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": "testing"}
_SERVICES = ("iot-events", "iot-events-data")
_active: list[IotEvents] = []


class _Mock:
    """A new service each time that it is entered, and receives every call until it is left."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._undo = ExitStack()

    def __call__(self, test: Callable[..., Any]) -> Callable[..., Any]:
        """The test, each call of it inside a mock of its own."""
        if isinstance(test, type):
            raise TypeError("mock_iot_events decorates functions; a class takes the fixture iot_events")
        anew = partial(_Mock, **self._options)

        @wraps(test)
        def inside(*args: Any, **options: Any) -> Any:
            with anew():
                return test(*args, **options)

        @wraps(test)
        async def inside_and_awaited(*args: Any, **options: Any) -> Any:
            with anew():
                return await test(*args, **options)

        return inside_and_awaited if iscoroutinefunction(test) else inside

    def __enter__(self) -> IotEvents:
        service = IotEvents(**self._options)
        self._undo.enter_context(patch.dict(os.environ, {**_CREDENTIALS, "AWS_DATA_PATH": _data_path()}))
        self._undo.enter_context(patch("boto3.DEFAULT_SESSION", None))
        _active.append(service)
        self._undo.callback(_active.remove, service)
        return service

    def __exit__(self, *_: object) -> None:
        self._undo.close()


@overload
def mock_iot_events(test: Callable[..., Any], /) -> Callable[..., Any]: ...
@overload
def mock_iot_events(**options: Any) -> _Mock: ...
def mock_iot_events(test: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """A context manager that gives an IotEvents (see there for the options), and a decorator: `@mock_iot_events`."""
    return _Mock()(test) if test else _Mock(**options)


def current() -> IotEvents:
    """The IotEvents of the innermost mock, for tests that use the decorator. Raises LookupError outside of any."""
    if not _active:
        raise LookupError("no mock_iot_events is active")
    return _active[-1]


def _data_path() -> str:
    """Where botocore looks for services that it no longer knows, before it looks where it did."""
    known = (Path(botocore.__file__).parent / "data" / "iotevents").exists()
    ours = (
        [] if known else [Path(__file__).parent / "models", Path(distributary.__file__).parent / "aws/service_models"]
    )
    before = os.environ.get("AWS_DATA_PATH")
    return os.pathsep.join([*map(str, ours), *([before] if before else [])])


class _Raw(BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _answer(event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
    if not _active:
        return None
    service, operation = _active[-1], event_name.rpartition(".")[2]
    url = urlsplit(request.url)
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
    }
    asked = Request(request.method, unquote(url.path), headers, url.query, body, id=f"request-{id(request)}")
    response = service.answer(operation, asked)
    return AWSResponse(request.url, response.status, dict(response.headers), _Raw(response.body.encode()))


# Every session that is made from now on has them; they do nothing while no mock is active.
BUILTIN_HANDLERS.extend((f"before-send.{service}", _answer) for service in _SERVICES)
