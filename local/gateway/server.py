"""The server on a loopback port: HTTP/1.1 and nothing else."""

import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

import uvicorn
from joserfc.jwk import KeySet
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.functions import Functions
from local.gateway import answer
from local.gateway.answer import Answer
from local.gateway.application import Application
from local.gateway.event import HttpRequest
from local.gateway.routing import HttpApi

# "Amazon API Gateway quotas", HTTP API: maximum integration timeout 30 s
# (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
_INTEGRATION_SECONDS = 30.0
_IDLE_SECONDS = 75  # what a client that keeps its connections, as most SDKs do, may rely on
_READ_HEAD_BYTES = 1024 * 1024  # what is read of a request line and headers before it can be called too large


class Gateway:
    """Serves whatever `api` says is deployed, at 127.0.0.1:`port` (0: a free one) from `start` to `close`.

    `api` is asked at each request, so that a later deployment counts at once; it raises LookupError while there is
    none. `keys` are those that JWTs are checked with. A connection is closed when it was idle for `idle_seconds`. `log`
    takes a line for each answer of the gateway's own that a developer would wonder about, `keep` what belongs into the
    API's access log, `observe` each request and its answer.
    """

    def __init__(
        self,
        api: Callable[[], HttpApi],
        functions: Functions,
        *,
        port: int,
        keys: KeySet | None = None,
        integration_seconds: float = _INTEGRATION_SECONDS,
        idle_seconds: int = _IDLE_SECONDS,
        log: Callable[[str], None] = print,
        keep: Callable[[str, str, str], None] = lambda *_: None,
        observe: Callable[[HttpRequest, Answer], None] | None = None,
    ) -> None:
        self.port = port
        self._app = Application(api, functions, integration_seconds, log, keys=keys, keep=keep, observe=observe)
        config = uvicorn.Config(
            self._app,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=_READ_HEAD_BYTES,
            timeout_keep_alive=idle_seconds,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listens and serves; raises OSError where the port is taken."""
        listener = socket.create_server(("127.0.0.1", self.port))
        # asyncio would set it, but not on a socket made this way; without it each answer costs the client's delayed
        # acknowledgement, 40 ms, because head and body are written apart.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="gateway", daemon=True)
        self._thread.start()
        while self._thread.is_alive() and not self._server.started:
            time.sleep(0.001)

    def close(self) -> None:
        """Stops serving; what is being answered has a second to finish."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join()
        self._app.close()


class _Protocol(H11Protocol):
    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the server's words, not API Gateway's
        """API Gateway's own words for what is no HTTP, instead of the server's."""
        body = answer.own(HTTPStatus.BAD_REQUEST).body
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
        self.transport.close()
