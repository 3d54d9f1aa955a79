import json

import pytest
from fake_clock import FakeClock
from logged_request import TIME, post

from commands.cost.load import Load
from commands.cost.sizes import ACCESS_LINE, ENVELOPE, RUN_LINE, metrics_line, request_line
from distributary.ingest.envelope import encode
from distributary.iot_events.runtime.batch_metrics import BatchMetrics
from distributary.log import Lines
from distributary.settings import StageSettings
from distributary_cdk.api import ACCESS_LOG

VALUES = {  # as long as they mostly are
    "request_id": "OixmKDlAdIPXw0E=",
    "ip": "203.0.113.7",
    "route": "POST /v1/events",
    "status": "202",
    "milliseconds": "18",
    "integration_error": "-",
}


@pytest.mark.parametrize("batch", [1, 25, 500])
@pytest.mark.parametrize("detectors", [0, 1])
@pytest.mark.parametrize(("sample", "size"), [(1.0, request_line), (0.0, metrics_line)])
def test_the_arithmetic_has_the_lines_of_the_code(capsys, batch, detectors, sample, size) -> None:
    """Byte for byte, as the function writes them."""
    load = Load(batch=batch, detectors=detectors)
    post(batch, sinks=load.served, sample=sample)
    [line] = capsys.readouterr().out.splitlines()

    assert len(line) == size(load)


def test_the_arithmetic_has_the_envelope_of_the_code(capsys) -> None:
    """Of a posted event of 1,024 bytes."""
    events: list = []
    post(1, sinks=("kinesis",), sample=0.0, served=events.append)

    assert len(encode(events[0])) == 1024 + ENVELOPE


def test_the_arithmetic_has_the_access_log_of_the_template() -> None:
    """With every field that the format names."""
    assert len(json.dumps({name: VALUES[name] for name in ACCESS_LOG}, separators=(",", ":"))) == ACCESS_LINE


def test_the_arithmetic_has_the_line_of_a_batch(capsys) -> None:
    """As `run_detectors` writes it for a batch of messages without a wake-up."""
    clock = FakeClock(since_1970=TIME).clock
    lines = Lines("run-for-its-size", StageSettings(stage="prod"), clock)
    BatchMetrics(lines.write, clock).batch(records=1, left=0, stepped=1, due=[])
    [line] = capsys.readouterr().out.splitlines()

    assert len(line) == RUN_LINE
