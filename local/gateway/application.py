"""What happens to one request: API Gateway's own answer, or the function's."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from local.functions import Functions
from local.gateway import answer, event
from local.gateway.answer import Answer
from local.gateway.authorizer import Refused
from local.gateway.cors import is_preflight
from local.gateway.event import HttpRequest
from local.gateway.routing import HttpApi, Match, match
from local.gateway.rules import Rules
from local.gateway.throttle import Throttles

if TYPE_CHECKING:
    from joserfc.jwk import KeySet
    from uvicorn._types import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, HTTPScope, Scope

# Threads, made as they are needed: more than may wait for a process, so that a throttled request gets one at once.
_AT_ONCE = 2048


class Application:
    """The ASGI application of one API; `seconds` is how long a function may take, `keys` check JWTs.

    `keep` takes the log group, the log stream and the line of each request where the API has an access log; `observe`
    takes each request, with what was read of its body, and its answer.
    """

    def __init__(
        self,
        api: Callable[[], HttpApi],
        functions: Functions,
        seconds: float,
        log: Callable[[str], None],
        *,
        keys: "KeySet | None" = None,
        keep: Callable[[str, str, str], None] = lambda *_: None,
        observe: Callable[[HttpRequest, Answer], None] | None = None,
    ) -> None:
        self._observe = observe
        self._api = api
        self._functions = functions
        self._seconds = seconds
        self._log = log
        self._keys = keys
        self._keep = keep
        self._throttles = Throttles()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gateway")

    def close(self) -> None:
        """Takes no more requests."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable") -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        began = time.monotonic()
        request = _read(scope)
        try:
            api = self._api()
        except LookupError:
            api = HttpApi("", ())
        request_id = api.rules.new_id()
        with contextlib.suppress(_ClientGone):
            body: list[bytes] = []
            given = await self._answer(api, request, request_id, _kept(receive, body) if self._observe else receive)
            complete = _complete(given, api, request, request_id)
            await _write(complete, send)
            if self._observe:
                self._observe(replace(request, body=b"".join(body)), complete)
            self._note(api, request, complete, time.monotonic() - began)

    def _note(self, api: HttpApi, request: HttpRequest, given: Answer, seconds: float) -> None:
        """The API's own line of the request, where it has an access log."""
        if api.access_log is None:
            return
        matched = match(api.routes, request.method, request.path)
        values = {
            "requestId": given.headers[api.rules.id_header],
            "requestTimeEpoch": int(time.time()),
            "identity.sourceIp": request.source_ip,
            "httpMethod": request.method,
            "path": request.path,
            "routeKey": matched.route.key if matched else "-",
            "status": int(given.status),
            "responseLatency": round(seconds * 1000),
            "responseLength": len(given.body),
        }
        self._keep(api.access_log.group, "local", api.access_log.line(values))

    async def _answer(
        self, api: HttpApi, request: HttpRequest, request_id: str, receive: "ASGIReceiveCallable"
    ) -> Answer:
        rules = api.rules
        if request.head_bytes > rules.head_bytes:
            return rules.own(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if api.cors and is_preflight(request.method, request.headers):
            return Answer(rules.preflight, api.cors.preflight_headers(request.headers))
        matched = match(api.routes, request.method, request.path)
        if matched is None:
            return rules.own(HTTPStatus.NOT_FOUND)
        try:
            return await self._matched(api, matched, request, request_id, receive)
        except Refused as refused:
            self._log(f"gateway {request.method} {request.path} {request_id} {refused.status}: {refused}")
            return rules.own(refused.status, {"www-authenticate": refused.challenge})

    async def _matched(
        self, api: HttpApi, matched: Match, request: HttpRequest, request_id: str, receive: "ASGIReceiveCallable"
    ) -> Answer:
        rules = api.rules
        if not self._throttles.admits(matched.route.key, api.throttles, time.monotonic()):
            return rules.own(HTTPStatus.TOO_MANY_REQUESTS)
        jwt = self._granted(matched, request)
        body = await _body(request, receive, rules.body_bytes)
        if body is None:
            return rules.own(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        request = replace(request, body=body)
        built = event.build(request, matched, api, request_id=request_id, now=datetime.now(UTC), jwt=jwt)
        return await self._invoke(rules, matched, built, f"{request.method} {request.path} {request_id}")

    def _granted(self, matched: Match, request: HttpRequest) -> dict[str, Any] | None:
        """What the route's authorizer says of the request's token; None where the route has none. Raises Refused."""
        if matched.route.authorizer is None:
            return None
        return matched.route.authorizer.admit(request.headers.get("authorization"), self._keys, time.time())

    async def _invoke(self, rules: Rules, matched: Match, built: dict[str, object], line: str) -> Answer:
        payload = json.dumps(built, ensure_ascii=False, separators=(",", ":")).encode()
        loop = asyncio.get_running_loop()
        asking = loop.run_in_executor(self._threads, self._functions.invoke, matched.route.function, payload)
        try:
            within = self._seconds if rules.is_cut_off else None
            return answer.read(await asyncio.wait_for(asyncio.shield(asking), within), rules.default_type)
        except Exception as trouble:  # noqa: BLE001 - whatever became of the function, the client gets an answer
            status = next((its for kind, its in rules.refusals.items() if isinstance(trouble, kind)), rules.failed)
            self._log(f"gateway {line} {status}: {type(trouble).__name__} {trouble}")
            return rules.own(status)


class _ClientGone(Exception):
    """The client went away before its request was whole."""


def _read(scope: "HTTPScope") -> HttpRequest:
    client = scope["client"]
    return HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        fields=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        source_ip=client[0] if client else "127.0.0.1",
    )


def _kept(receive: "ASGIReceiveCallable", body: list[bytes]) -> "ASGIReceiveCallable":
    """Receives as before; each part of the body is appended to the list."""

    async def keeping() -> "ASGIReceiveEvent":
        message = await receive()
        if message["type"] == "http.request":
            body.append(message.get("body", b""))
        return message

    return keeping


async def _body(request: HttpRequest, receive: "ASGIReceiveCallable", most: int) -> bytes | None:
    """The whole body, chunked or not; None where it is too large, at once where its length says so."""
    if int(request.headers.get("content-length", "0")) > most:
        return None
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise _ClientGone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            return None
    return bytes(body)


def _complete(given: Answer, api: HttpApi, request: HttpRequest, request_id: str) -> Answer:
    """The answer with what the API adds to each, or renames."""
    cors, rules = api.cors, api.rules
    headers = {rules.renamed.get(name, name): value for name, value in given.headers.items()}
    if cors and not is_preflight(request.method, request.headers):
        headers = {name: value for name, value in headers.items() if not name.startswith("access-control-")}
        headers |= cors.answer_headers(request.headers)
    bodiless = given.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
    if not bodiless:
        headers["content-length"] = str(len(given.body))
    return replace(given, headers=headers | {rules.id_header: request_id}, body=b"" if bodiless else given.body)


async def _write(given: Answer, send: "ASGISendCallable") -> None:
    fields = [*given.headers.items(), *(("set-cookie", one) for one in given.cookies)]
    encoded = [(name.encode("latin-1"), value.encode()) for name, value in fields]
    await send({"type": "http.response.start", "status": given.status, "headers": encoded, "trailers": False})
    await send({"type": "http.response.body", "body": given.body, "more_body": False})
