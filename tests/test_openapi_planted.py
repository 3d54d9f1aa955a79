"""That `make fuzz-openapi` finds what it looks for: schemathesis, as it is set up, against a server with one fault."""

import json
import os
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fuzz.openapi import HERE, SCHEMATHESIS
from running_server import running

from distributary.http.documents import OPENAPI

GOOD = {"name": "distributary", "version": "1.0.0", "docs": "docs", "openapi": "/openapi.json", "access": "open"}


def tried(tmp_path: Path, status: int, body: Any, media: str) -> subprocess.CompletedProcess[str]:
    """What schemathesis finds where `GET /` is answered so."""

    class Planted(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-type", media)
            self.send_header("x-request-id", "1")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Planted)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    command = [
        *(SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", OPENAPI, "--url", url),
        *("--include-operation-id", "about", "--max-examples", "2", "--phases", "examples,fuzzing"),
    ]
    names = ("KEY_ID", "SECRET", "MODEL", "KEY_VALUE")
    known = {"PATH": os.environ["PATH"], **{f"DISTRIBUTARY_{name}": "x" for name in names}}
    with running(server):
        return subprocess.run(
            command,
            cwd=HERE,
            env={**known, "HOME": str(tmp_path)},
            check=False,
            timeout=120,
            capture_output=True,
            text=True,
        )


@pytest.mark.parametrize(
    ("status", "body", "media", "found"),
    [
        (418, GOOD, "application/json", "Undocumented status code"),
        (200, {"name": "distributary"}, "application/json", "Response violates schema"),
        (200, {**GOOD, "version": 1}, "application/json", '1 is not of type "string"'),
        (200, GOOD, "text/html", "Undocumented Content-Type"),
        (500, {"message": "x"}, "application/json", "Server error"),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, status: int, body: Any, media: str, found: str) -> None:
    """By its name, and the run fails."""
    ended = tried(tmp_path, status, body, media)

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert found in ended.stdout


def test_without_a_fault_the_run_passes(tmp_path: Path) -> None:
    """So what is found above is what was planted."""
    ended = tried(tmp_path, 200, GOOD, "application/json")

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_no_operation_loses_the_checks_that_matter() -> None:
    """Whatever schemathesis.toml switches off."""
    text = (HERE / "schemathesis.toml").read_text()

    for check in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ):
        assert check not in text
