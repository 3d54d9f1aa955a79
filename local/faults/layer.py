"""The layer in front of the embedded AWS: lets the faults that are set fall upon each call, and takes orders."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from typing import TYPE_CHECKING, Any, NoReturn

from local.faults.batch import BATCHES, Refusal, without
from local.faults.call import Call
from local.faults.control import PREFIX, Control
from local.faults.error_answer import error_answer, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from local.faults.registry import Active, Faults

    Application = Callable[..., Iterable[bytes]]

SERVER_ERRORS = 500
AT_ONCE_AND_WITHOUT_A_WORD = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s; closing is then a reset


class FaultLayer:
    """Wraps a WSGI application. `kill` kills a function's process in mid-request and gives its pid, or None."""

    def __init__(
        self, faults: Faults, kill: Callable[[str], int | None], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._faults = faults
        self._control = Control(faults, kill)
        self._sleep = sleep

    def __call__(self, application: Application) -> Application:
        """The application with the faults in front of it."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ["PATH_INFO"].startswith(PREFIX):
                controlled = self._control.answer(environ, start_response)
                return application(environ, start_response) if controlled is None else controlled
            call = Call(environ)
            falling = self._faults.falling_upon(call)
            if not falling:
                return application(environ, start_response)
            return self._injected(application, call, falling, start_response)

        return answer

    def _injected(
        self, application: Application, call: Call, falling: list[Active], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        call.body  # noqa: B018 - read whole, whatever comes: an answer before its request confuses clients
        refused: dict[int, Active] = {}
        last: Active | None = None
        for active in falling:
            effect = active.fault.effect
            if effect == "refuse_records":
                refused = struck_records(call, active) | refused
            elif active.strikes():
                if effect == "reset_after":
                    last = active
                elif effect == "delay":
                    self._delay(active)
                else:
                    return ended(call, active, start_response)
        status, headers, body = forwarded(application, call, refused)
        if last:
            return ended(call, last, start_response)
        start_response(status, headers)
        return [body]

    def _delay(self, active: Active) -> None:
        active.count()
        self._sleep(active.fault.delay_seconds)


def ended(call: Call, active: Active, start_response: Callable[..., Any]) -> list[bytes]:
    """Answers with the fault's error, or resets the connection. Raises ConnectionResetError."""
    active.count()
    return refuse(call, active, start_response) if active.fault.effect == "refuse_calls" else reset(call)


def refuse(call: Call, active: Active, start_response: Callable[..., Any]) -> list[bytes]:
    """Answers with the fault's error."""
    fault = active.fault
    status = fault.status or status_of(call.service, fault.error)
    return error_answer(call, fault.error, words(active), status, start_response)


def words(active: Active) -> str:
    """The error's message: it names the fault, so that nobody looks for another cause."""
    return f"refused on purpose by the fault {active.name}"


def struck_records(call: Call, active: Active) -> dict[int, Active]:
    """The places of the records that the fault falls upon."""
    batch = BATCHES.get(f"{call.service}.{call.operation}")
    records = call.parameters.get(batch.records) if batch else None
    return {place: active for place in range(len(records)) if active.strikes()} if isinstance(records, list) else {}


def forwarded(
    application: Application, call: Call, refused: Mapping[int, Active]
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of what the service says, the refused records taken out and put into its answer."""
    if not refused:
        return collected(application, call)
    request, batch = call.parameters, BATCHES[f"{call.service}.{call.operation}"]
    refusals = {place: refusal(call, active) for place, active in refused.items()}
    rest = without(request, batch, refusals)
    status, headers, body = "200 OK", [("Content-Type", call.environ.get("CONTENT_TYPE", ""))], b"null"
    if rest:
        call.replace_body(json.dumps(rest).encode())
        status, headers, body = collected(application, call)
    if not status.startswith("200"):
        return status, headers, body
    for active in refused.values():
        active.count()
    merged = json.dumps(batch.merge(request, json.loads(body), refusals)).encode()
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return status, [*kept, ("Content-Length", str(len(merged)))], merged


def refusal(call: Call, active: Active) -> Refusal:
    """Why the fault refuses a record."""
    error = active.fault.error
    return Refusal(error, words(active), sender_fault=status_of(call.service, error) < SERVER_ERRORS)


def collected(application: Application, call: Call) -> tuple[str, list[tuple[str, str]], bytes]:
    """What the application answers, whole."""
    started: list[Any] = []

    def start(*given: Any) -> None:
        started[:] = given

    chunks = application(call.environ, start)
    try:
        body = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return str(started[0]), list(started[1]), body


def reset(call: Call) -> NoReturn:
    """Resets the TCP connection. Raises ConnectionResetError, which ends the request without a word."""
    connection: socket.socket = call.environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE_AND_WITHOUT_A_WORD)
    # Closed by putting another in its place, whose other side is gone already: the server goes on with a socket that
    # has nothing more to say, instead of failing over a closed one. Its own way to close would say goodbye first.
    quiet, other = socket.socketpair()
    other.close()
    os.dup2(quiet.fileno(), connection.fileno())
    quiet.close()
    raise ConnectionResetError("on purpose")
