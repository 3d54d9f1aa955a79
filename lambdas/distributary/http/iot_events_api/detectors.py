"""`/detectors…`: DescribeDetector, ListDetectors, BatchUpdateDetector and BatchDeleteDetector of the Data API."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from distributary.aws import call as aws
from distributary.aws import timeouts
from distributary.clock import Clock
from distributary.errors import BadRequest, SinkUnavailable
from distributary.http.iot_events_api.detector_state import read_state
from distributary.http.request import Request, Response
from distributary.http.structure import Structure, read_structure
from distributary.iot_events import message as codes
from distributary.iot_events.detector_key import ADDRESSABLE
from distributary.iot_events.engine.detector import MILLISECONDS, describe_variables
from distributary.iot_events.runtime.detector_item import Row
from distributary.iot_events.runtime.detector_table import CONFLICT
from distributary.iot_events.runtime.management import BadState, BadToken, Detectors, NoDetector, Summary
from distributary.iot_events.values import BadPayload

MAX_RESULTS = 250
PAGE = 100
MAX_CHANGES = 10
DETECTORS_BODY_BYTES = 4_500_000
"""As received: more than ten changes take, however they are escaped."""
LAST_START = 2 * timeouts.CALL
"""Seconds before the function's end after which no further change or query is started."""
DETECTORS_STATUS = {
    codes.INVALID_REQUEST: 400,
    codes.RESOURCE_NOT_FOUND: 404,
    codes.MESSAGE_THROTTLING: 429,
    codes.MESSAGE_INTERNAL_FAILURE: 500,
    codes.SERVICE_UNAVAILABLE: 503,
}


class DetectorsEndpoint:
    """Answers each operation as the service's model has it; never an exception."""

    def __init__(self, detectors: Detectors, clock: Clock, *, min_timer_seconds: int) -> None:
        self._detectors = detectors
        self._clock = clock
        self._min_timer_seconds = min_timer_seconds

    def describe(self, request: Request) -> Response:
        """`GET /detectors/{model}/keyValues/?keyValue=…`"""
        parts = request.path.split("/")
        key = request.parameter("keyValue")
        if parts[3:] != ["keyValues", ""] or (key is not None and not ADDRESSABLE.fullmatch(key)):
            return _error(codes.INVALID_REQUEST, "no such path, or no such key", request)
        return _answered(request, lambda: {"detector": _described(self._detectors.find(parts[2], key))})

    def list(self, request: Request) -> Response:
        """`GET /detectors/{model}?stateName=&nextToken=&maxResults=`"""
        wanted = request.parameter("maxResults") or str(PAGE)
        if not wanted.isdecimal() or not 1 <= int(wanted[:9]) <= MAX_RESULTS:
            return _error(codes.INVALID_REQUEST, f"maxResults must be from 1 to {MAX_RESULTS}", request)
        model, state, after = request.path.split("/")[2], request.parameter("stateName"), request.parameter("nextToken")

        def listed() -> dict[str, Any]:
            seconds = request.remaining - LAST_START
            found, token = self._detectors.list(model, state, after, int(wanted), seconds=seconds)
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
        last_start = self._clock.monotonic() + request.remaining - LAST_START
        try:
            entries = _entries(request)
            names = [_names(one) for one in entries]
            for one in entries:
                one.check()
        except BadRequest as error:
            return _error(codes.INVALID_REQUEST, error.detail, request)
        errors = []
        for number, (one, (message_id, _, _)) in enumerate(zip(entries, names, strict=True)):
            if number and self._clock.monotonic() > last_start:
                code, text = codes.SERVICE_UNAVAILABLE, "not tried: no time was left in this request; send this again"
            else:
                code, text = _attempted(partial(change, one))
            if code:
                errors.append({"messageId": message_id, "errorCode": code, "errorMessage": text})
        return _response(200, {member: errors}, request, len(entries))

    def _update(self, entry: Structure) -> None:
        new = read_state(entry.apart(), shortest_timer=self._min_timer_seconds)
        _, model, key = _names(entry)
        self._detectors.put(model, key, new)

    def _delete(self, entry: Structure) -> None:
        _, model, key = _names(entry)
        self._detectors.delete(model, key)


def _entries(request: Request) -> Sequence[Structure]:
    """The changes that a request asks for. Raises BadRequest."""
    if request.size > DETECTORS_BODY_BYTES:
        raise BadRequest(codes.INVALID_REQUEST, f"the body has {request.size} bytes; {DETECTORS_BODY_BYTES} are taken")
    body = request.body if isinstance(request.body, bytes) else request.body.encode("utf-8", "surrogatepass")
    structure = read_structure(body)
    entries = structure.structures("detectors", longest=MAX_CHANGES)
    structure.check()
    return entries


def _names(entry: Structure) -> tuple[str, str, str | None]:
    return (
        entry.text("messageId", longest=64, required=True) or "",
        entry.text("detectorModelName", longest=128, required=True) or "",
        entry.text("keyValue", longest=128, pattern=ADDRESSABLE),
    )


def _attempted(act: Callable[[], object]) -> tuple[str, str]:
    """The error's code and text; empty where it was done."""
    try:
        act()
    except NoDetector as error:
        return codes.RESOURCE_NOT_FOUND, str(error)
    except (BadState, BadToken, BadPayload) as error:
        return codes.INVALID_REQUEST, str(error)
    except BadRequest as error:
        return codes.INVALID_REQUEST, error.detail
    except SinkUnavailable as error:
        return _unavailable(error)
    return "", ""


def _unavailable(error: SinkUnavailable) -> tuple[str, str]:
    """The code and text for a call that failed: "send this again" only where that may help."""
    if error.code in aws.THROTTLING:
        return codes.MESSAGE_THROTTLING, "send this again"
    if error.retryable or error.code == CONFLICT:
        return codes.SERVICE_UNAVAILABLE, "send this again"
    return (
        codes.MESSAGE_INTERNAL_FAILURE,
        "the detector's table, queue or schedule refused this; its operator finds why in the log",
    )


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
    return _response(DETECTORS_STATUS[code], {"message": detail}, request).with_headers({"x-amzn-errortype": code})


def _response(status: int, body: Mapping[str, Any], request: Request, events: int = 1) -> Response:
    headers = {"content-type": "application/json", "x-amzn-requestid": request.id}
    present = {name: value for name, value in body.items() if value is not None}
    return Response(status, json.dumps(present, separators=(",", ":")), headers, {}, events)
