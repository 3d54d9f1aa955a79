"""An API behind a loopback port, so that real clients can knock."""

import ssl
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from running_server import running

from distributary.http.request import Request, Response


@contextmanager
def served(answer: Callable[[Request], Response], certificate: Path | None = None) -> Iterator[str]:
    """The URL under which the API answers until the block ends; with a certificate and its key, by TLS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            response = answer(Request(self.command, path, headers, query, body, id="request-1"))
            content = b64decode(response.body) if response.base64 else response.body.encode()
            self.send_response(response.status)
            for name, value in {**response.headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server):
        yield f"https://localhost:{server.server_port}" if certificate else f"http://127.0.0.1:{server.server_port}"
