"""`/detectors…`: DescribeDetector, ListDetectors, BatchUpdateDetector and BatchDeleteDetector of the Data API."""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from distributary.detectors.detector import MILLISECONDS, describe_variables, variables_from
from distributary.detectors.item import Row
from distributary.detectors.limits import AWS_LIMITS
from distributary.detectors.managing import BadState, Detectors, NewState, NoDetector, Summary
from distributary.detectors.values import BadPayload
from distributary.errors import BadRequest, SinkUnavailable
from distributary.http.request import Request, Response
from distributary.http.structure import Structure, read
from distributary.sinks import call as aws
from distributary.sinks import message as codes

MAX_RESULTS = 250
PAGE = 100
MAX_CHANGES = 10
_KEY = re.compile(r"[a-zA-Z0-9\-_:]{1,128}")
_STATUS = {
    codes.INVALID_REQUEST: 400,
    codes.RESOURCE_NOT_FOUND: 404,
    codes.THROTTLING: 429,
    codes.INTERNAL_FAILURE: 500,
    codes.SERVICE_UNAVAILABLE: 503,
}


class DetectorDoor:
    """Answers each operation as the service's model has it; never an exception."""

    def __init__(self, detectors: Detectors, *, min_timer_seconds: int) -> None:
        self._detectors = detectors
        self._min_timer_seconds = min_timer_seconds

    def describe(self, request: Request) -> Response:
        """`GET /detectors/{model}/keyValues/?keyValue=…`"""
        parts = request.path.split("/")
        key = request.parameter("keyValue")
        if parts[3:] != ["keyValues", ""] or (key is not None and not _KEY.fullmatch(key)):
            return _error(codes.INVALID_REQUEST, "no such path, or no such key", request)
        return _answered(request, lambda: {"detector": _described(self._detectors.find(parts[2], key))})

    def list(self, request: Request) -> Response:
        """`GET /detectors/{model}?stateName=&nextToken=&maxResults=`"""
        wanted = request.parameter("maxResults") or str(PAGE)
        if not wanted.isdecimal() or not 1 <= int(wanted[:9]) <= MAX_RESULTS:
            return _error(codes.INVALID_REQUEST, f"maxResults must be from 1 to {MAX_RESULTS}", request)
        model, state, after = request.path.split("/")[2], request.parameter("stateName"), request.parameter("nextToken")

        def listed() -> dict[str, Any]:
            found, token = self._detectors.list(model, state, after, int(wanted))
            return {"detectorSummaries": [_summary(model, one) for one in found], "nextToken": token}

        return _answered(request, listed)

    def update(self, request: Request) -> Response:
        """`POST /detectors`"""
        return self._batch(request, "batchUpdateDetectorErrorEntries", self._update)

    def delete(self, request: Request) -> Response:
        """`POST /detectors/delete`"""
        return self._batch(request, "batchDeleteDetectorErrorEntries", self._delete)

    def _batch(self, request: Request, member: str, change: Callable[[Structure], None]) -> Response:
        """Each entry by itself: an error entry for what failed, none for the rest."""
        body = request.body if isinstance(request.body, bytes) else request.body.encode("utf-8", "surrogatepass")
        try:
            structure = read(body)
            entries = structure.structures("detectors", longest=MAX_CHANGES)
            names = [_names(one) for one in entries]
            structure.check()
        except BadRequest as error:
            return _error(codes.INVALID_REQUEST, error.detail, request)
        errors = []
        for one, (message_id, _, _) in zip(entries, names, strict=True):
            code, text = _attempted(partial(change, one))
            if code:
                errors.append({"messageId": message_id, "errorCode": code, "errorMessage": text})
        return _response(200, {member: errors}, request, len(entries))

    def _update(self, entry: Structure) -> None:
        state = entry.structure("state", required=True)
        if state is None:
            raise BadRequest(codes.INVALID_REQUEST, "state is missing")
        variables = state.structures("variables", shortest=0)
        timers = state.structures("timers", shortest=0)
        listed = [{"name": one.text("name") or "", "value": one.text("value") or ""} for one in variables]
        seconds = {one.text("name") or "": one.number("seconds", 0, AWS_LIMITS.max_timer_seconds) for one in timers}
        new = NewState(
            state.text("stateName", required=True) or "",
            variables_from(listed),
            {name: _duration(value, self._min_timer_seconds) for name, value in seconds.items()},
        )
        entry.check()
        if len(listed) > AWS_LIMITS.variables or len(seconds) > AWS_LIMITS.timers:
            raise BadRequest(codes.INVALID_REQUEST, "too many variables or timers")
        _, model, key = _names(entry)
        self._detectors.put(model, key, new)

    def _delete(self, entry: Structure) -> None:
        _, model, key = _names(entry)
        self._detectors.delete(model, key)


def _names(entry: Structure) -> tuple[str, str, str | None]:
    return (
        entry.text("messageId", longest=64, required=True) or "",
        entry.text("detectorModelName", longest=128, required=True) or "",
        entry.text("keyValue", longest=128, pattern=_KEY),
    )


def _duration(seconds: int | None, shortest: int) -> int:
    if seconds is None or seconds < shortest:
        raise BadRequest(codes.INVALID_REQUEST, f"a timer is at least {shortest} s")
    return seconds


def _attempted(act: Callable[[], object]) -> tuple[str, str]:
    """The error's code and text; empty where it was done."""
    try:
        act()
    except NoDetector as error:
        return codes.RESOURCE_NOT_FOUND, str(error)
    except (BadState, BadPayload) as error:
        return codes.INVALID_REQUEST, str(error)
    except BadRequest as error:
        return codes.INVALID_REQUEST, error.detail
    except ValueError:
        return codes.INVALID_REQUEST, "nextToken is none of ours"
    except SinkUnavailable as error:
        return (codes.THROTTLING if error.code in aws.THROTTLING else codes.SERVICE_UNAVAILABLE), "send this again"
    return "", ""


def _answered(request: Request, make: Callable[[], Mapping[str, Any]]) -> Response:
    made: list[Mapping[str, Any]] = []
    code, text = _attempted(lambda: made.append(make()))
    return _error(code, text, request) if code else _response(200, made[0], request)


def _named(model: str, key: str | None) -> dict[str, str]:
    """Whose detector it is; the one of a model without a key has no keyValue."""
    return {"detectorModelName": model} | ({} if key is None else {"keyValue": key})


def _described(row: Row) -> dict[str, Any]:
    detector = row.detector
    timers = [{"name": name, "timestamp": due} for name, due in detector.listed_timers().items()]
    return {
        **_named(row.model, row.key),
        "detectorModelVersion": row.version,
        "state": {
            "stateName": detector.state,
            "variables": describe_variables(detector.variables),
            "timers": timers,
        },
        "creationTime": detector.created / MILLISECONDS,
        "lastUpdateTime": detector.updated / MILLISECONDS,
    }


def _summary(model: str, one: Summary) -> dict[str, Any]:
    return {
        **_named(model, one.key),
        "detectorModelVersion": one.version,
        "state": {"stateName": one.state},
        "creationTime": one.created / MILLISECONDS,
        "lastUpdateTime": one.updated / MILLISECONDS,
    }


def _error(code: str, detail: str, request: Request) -> Response:
    return _response(_STATUS[code], {"message": detail}, request).with_headers({"x-amzn-errortype": code})


def _response(status: int, body: Mapping[str, Any], request: Request, events: int = 1) -> Response:
    headers = {"content-type": "application/json", "x-amzn-requestid": request.id}
    present = {name: value for name, value in body.items() if value is not None}
    return Response(status, json.dumps(present, separators=(",", ":")), headers, {}, events)
