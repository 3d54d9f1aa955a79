"""TLS and HTTP/2 in front of an endpoint that speaks neither, as API Gateway has them in AWS."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from hypercorn.asyncio import serve
from hypercorn.config import Config

_TIMEOUT_SECONDS = 40  # more than the endpoint's own 30 s
_NOT_PASSED_ON = {b"connection", b"transfer-encoding", b"keep-alive"}


class Front:
    """An ASGI application that hands each request to `endpoint`; `versions` lists the HTTP versions spoken."""

    def __init__(self, endpoint: str) -> None:
        self.versions: list[str] = []
        self._endpoint = endpoint
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT_SECONDS, retries=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one request; `:authority` is handed on as Host, as ASGI has it and API Gateway too."""
        if scope["type"] != "http":
            return
        self.versions.append(scope["http_version"])
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = await asyncio.to_thread(self._forward, scope, body)
        fields = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
        passed = [field for field in fields if field[0] not in _NOT_PASSED_ON]
        await send({"type": "http.response.start", "status": answer.status, "headers": passed})
        await send({"type": "http.response.body", "body": answer.data})

    def _forward(self, scope: Any, body: bytes) -> urllib3.BaseHTTPResponse:
        headers = {
            name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name not in _NOT_PASSED_ON
        }
        query = scope["query_string"].decode()
        url = self._endpoint + scope["raw_path"].decode() + (f"?{query}" if query else "")
        return self._pool.request(
            scope["method"], url, body=body, headers=headers, decode_content=False, redirect=False
        )


@contextmanager
def tls_front(endpoint: str, certificate: Path) -> Iterator[tuple[str, Front]]:
    """The `https` URL under which the endpoint is served until the block ends, over HTTP/2 and HTTP/1.1."""
    front = Front(endpoint)
    listener = socket.create_server(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.certfile = config.keyfile = str(certificate)
    config.graceful_timeout = 0.1  # a client that has been answered may keep its connection open
    config.accesslog = config.errorlog = None
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(front, config, shutdown_trigger=stop.wait),))
    thread.start()
    try:
        yield f"https://localhost:{listener.getsockname()[1]}", front
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
        listener.detach()  # the server has closed it
