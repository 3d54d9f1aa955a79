"""A real Chromium without a window: it opens a page, and the page posts what it has to say."""

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from own_process import killed_process
from real_client import installed

TIMEOUT_SECONDS = 120
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server"),
)


class Pages:
    """Serves pages by path; what pages post to `/said` is in `said`, as JSON values in their order."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.said: SimpleQueue[Any] = SimpleQueue()
        pages_server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path)
                self.send_response(404 if page is None else 200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((page or "").encode())

            def do_POST(self) -> None:
                pages_server.said.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self._server.server_port}"

    @contextmanager
    def open(self, path: str, profile: Path) -> Iterator[None]:
        """The page is open in a browser with a profile of its own until the block ends."""
        serving = threading.Thread(target=self._server.serve_forever, daemon=True)
        serving.start()
        command = [installed("chromium", "chromium"), *_OPTIONS, f"--user-data-dir={profile}", self.origin + path]
        with killed_process(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
            try:
                yield
            finally:
                browser.terminate()
                browser.wait(TIMEOUT_SECONDS)
                self._server.shutdown()
                self._server.server_close()

    def next(self) -> Any:
        """What a page posts next."""
        return self.said.get(timeout=TIMEOUT_SECONDS)


def page(script: str) -> str:
    """A page that runs the script, which may `await` and `say` JSON values; what it throws is said too."""
    say = "const say = (value) => fetch('/said', {method: 'POST', keepalive: true, body: JSON.stringify(value)});"
    guarded = f"(async () => {{ {script} }})().catch((error) => say({{error: String(error)}}));"
    return f"<!doctype html><meta charset=utf-8><script>{say}\n{guarded}</script>"
