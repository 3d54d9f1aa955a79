"""A request of every kind of body that `/v1/events` takes, with what must arrive of it."""

import gzip
import json
import zlib
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One request; `arrives` holds for each of its events the envelope's members that must be found again."""

    kind: str
    content_type: str | None
    body: bytes
    arrives: tuple[Mapping[str, Any], ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    @property
    def is_for_detectors(self) -> bool:
        """Whether each of its events is a message that the shipped models read; IoT Events skips the others."""
        return all("deviceId" in one.get("data", {}) for one in self.arrives)


_READING = {"deviceId": "pump-7", "temperature": 21.5, "ok": True, "note": "für Zoë \u2603"}
_PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108")


def _reading(temperature: float) -> dict[str, Any]:
    """What the shipped detector models read."""
    return {"deviceId": "pump-7", "temperature": temperature}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _cloud_event(run: str, number: int, **more: object) -> dict[str, Any]:
    return {"specversion": "1.0", "id": f"{run}-{number}", "source": "/pumps/7", "type": "pump.read", **more}


def samples(run: str, sinks: Collection[str]) -> list[Sample]:
    """Every kind of body that one of these sinks takes; `run` keeps the ids of one run apart from another's."""
    every = _samples(run)
    return [sample for sample in every if sample.is_for_detectors] if set(sinks) == {"iot_events"} else every


def _samples(run: str) -> list[Sample]:
    structured = _cloud_event(run, 1, time="2026-01-02T03:04:05Z", datacontenttype="application/json", data=_READING)
    batch = [_cloud_event(run, 2, data=_reading(2)), _cloud_event(run, 3, data_base64=b64encode(b"\x00\x01").decode())]
    binary = {
        "ce-specversion": "1.0",
        "ce-id": f"{run}-4",
        "ce-source": "/pumps/7",
        "ce-type": "pump%20read",
        "ce-room": "4b",
    }
    return [
        Sample("JSON object", "application/json", _json(_READING), ({"data": _READING},)),
        Sample(
            "JSON array",
            "application/json",
            b'[{"deviceId": "pump-7", "temperature": 1}, {"deviceId": "pump-7", "temperature": 1.10}]',
            ({"data": _reading(1)}, {"data": _reading(1.1)}),
        ),
        Sample(
            "NDJSON",
            "application/x-ndjson",
            _json(_reading(1)) + b"\n\n" + _json(_reading(2)),
            ({"data": _reading(1)}, {"data": _reading(2)}),
        ),
        Sample(
            "NDJSON, gzip",
            "application/jsonl",
            gzip.compress(_json(_reading(3)) + b"\n" + _json(_reading(4)) + b"\n"),
            ({"data": _reading(3)}, {"data": _reading(4)}),
            {"content-encoding": "gzip"},
        ),
        Sample(
            "JSON, gzip",
            "application/json",
            gzip.compress(_json(_READING)),
            ({"data": _READING},),
            {"content-encoding": "gzip"},
        ),
        Sample(
            "JSON, deflate",
            "application/json; charset=utf-8",
            zlib.compress(_json(_READING)),
            ({"data": _READING},),
            {"content-encoding": "deflate"},
        ),
        Sample("CloudEvent", "application/cloudevents+json", _json(structured), (structured,)),
        Sample("CloudEvents batch", "application/cloudevents-batch+json", _json(batch), tuple(batch)),
        Sample(
            "CloudEvent in headers",
            "application/json",
            _json(_READING),
            (_cloud_event(run, 4, type="pump read", room="4b", data=_READING),),
            binary,
        ),
        Sample("text that is JSON", "text/plain;charset=UTF-8", _json(_READING), ({"data": _READING},)),
        Sample("text", "text/plain", "grüß Gott".encode(), (_opaque("grüß Gott".encode()),)),
        Sample("image", "image/png", _PIXEL, ({**_opaque(_PIXEL), "datacontenttype": "image/png"},)),
        Sample("no content type", None, b"\xff\xfe\x00", (_opaque(b"\xff\xfe\x00"),)),
        Sample(
            "with ?type=",
            "application/json",
            _json(_reading(5)),
            ({"type": "meter.read", "data": _reading(5)},),
            query="?type=meter.read",
        ),
    ]


def _opaque(data: bytes) -> dict[str, Any]:
    return {"data_base64": b64encode(data).decode()}
