"""The orders on the AWS port: list, set and clear faults, kill a function's process."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from local.faults.fault import BadFaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.faults.registry import Faults

PREFIX = "/_distributary/"
FAULTS = f"{PREFIX}faults"
KILL = f"{PREFIX}kill"
METHODS = {FAULTS: ("GET", "PUT", "DELETE"), KILL: ("POST",)}

Said = tuple[HTTPStatus, dict[str, Any]]


class Control:
    """Answers its two paths; `kill` as in FaultLayer."""

    def __init__(self, faults: Faults, kill: Callable[[str], int | None]) -> None:
        self._faults = faults
        self._kill = kill

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes] | None:
        """The answer; None where the path is somebody else's."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path not in METHODS:
            return None
        if method not in METHODS[path]:
            allowed = ", ".join(METHODS[path])
            said: Said = HTTPStatus.METHOD_NOT_ALLOWED, {"message": f"{path} takes {allowed}"}
        else:
            said = self._obey(path, method, environ)
        status, document = said
        body = json.dumps(document, indent=1).encode() + b"\n"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", [*headers, ("Allow", ", ".join(METHODS[path]))])
        return [body]

    def _obey(self, path: str, method: str, environ: dict[str, Any]) -> Said:
        asked = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
        if path == KILL:
            return self._kill_one(asked.get("function", ""))
        if method == "PUT":
            return self._put(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        if method == "DELETE" and not self._faults.clear(asked.get("name")):
            return HTTPStatus.NOT_FOUND, {"message": f"there is no fault {asked['name']}"}
        return HTTPStatus.OK, self._faults.listed()

    def _put(self, body: bytes) -> Said:
        try:
            self._faults.put(json.loads(body))
        except BadFaults as error:
            return HTTPStatus.BAD_REQUEST, {"message": "no fault was set", "wrong": error.places}
        except ValueError as error:
            return HTTPStatus.BAD_REQUEST, {"message": f"no fault was set: the body is not JSON: {error}"}
        return HTTPStatus.OK, self._faults.listed()

    def _kill_one(self, function: str) -> Said:
        if not function:
            return HTTPStatus.BAD_REQUEST, {"message": "say which: ?function=<name>"}
        pid = self._kill(function)
        if pid is None:
            return HTTPStatus.CONFLICT, {"message": f"no process of {function} is handling a request", "killed": None}
        self._faults.count_kill(function)
        return HTTPStatus.OK, {"killed": pid}
