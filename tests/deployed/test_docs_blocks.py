"""The commands of the tutorials and of README.md, as readers type them, against the deployed stack."""

import json
import os
import re
import subprocess
import time
import tomllib
import uuid
from collections.abc import Callable

import pytest
from real_client import ROOT, TIMEOUT_SECONDS
from snippets import blocks, snippet

from commands.read_back import journal_payloads, kinesis_envelopes, s3_envelopes, wait_for
from distributary.events import Event
from distributary.ingest.rules import Rules
from distributary.json_text.text import parse_json

WITHIN_SECONDS = 60


@pytest.fixture
def device() -> str:
    """A device that no other test knows."""
    return f"d{uuid.uuid4().hex}"


@pytest.fixture
def run(stage, credential, device, tmp_path) -> Callable[..., str]:
    """Runs a block of a page in the checkout, and gives what it printed. Fails the test where it fails."""
    key, secret = credential
    words = {
        "endpoint": stage.endpoint,
        "aws_endpoint": stage.aws_endpoint,
        "key": f"{key}.{secret}",
        "pair": f"{key}:{secret}",
        "device": device,
    }

    def running(page: str, name: str) -> str:
        code = snippet(page, name, **words).replace("log.jsonl", f"{tmp_path}/log.jsonl")
        return shell(code.replace("events.jsonl", f"{tmp_path}/events.jsonl"))

    return running


def shell(code: str) -> str:
    """What a block printed, run as bash runs it, without the flags of a make above this test."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "AWS_"))}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=ROOT,
        env={**own, "NO_PROXY": "localhost"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answer(printed: str) -> tuple[int, dict]:
    """Status and document of what `curl -i` printed."""
    head, _, body = printed.replace("\r", "").partition("\n\n")
    return int(head.split()[1]), json.loads(body)


def test_first_event(run, stage, device, since) -> None:
    """It is accepted by every sink, and found in the stream."""
    status, document = answer(run("docs/tutorials/first-event.md", "event"))
    [event] = document["events"]
    wait_for([event["id"]], lambda: kinesis_envelopes(stage, since), seconds=WITHIN_SECONDS)
    landed = [json.loads(line) for line in run("docs/tutorials/first-event.md", "landed").splitlines()]

    assert (status, document["accepted"], set(event["sinks"])) == (202, 1, {"firehose", "kinesis", "iot_events"})
    assert {"source": "tests", "id": event["id"], "data": {"deviceId": device, "temperature": 21.5}} in landed


def test_a_wrong_event(run) -> None:
    """NaN is no JSON: a problem with its place."""
    status, problem = answer(run("docs/tutorials/first-event.md", "wrong"))

    assert (status, problem["status"]) == (400, 400)
    assert problem["type"].startswith("/problems/")


def test_the_readme(run, stage, credential) -> None:
    """Its one request is answered as it says."""
    [code] = [one.code for one in blocks(ROOT / "README.md") if one.code.startswith("$ curl -i http")]
    command = code.removeprefix("$ ").partition("\nHTTP/")[0]

    printed = shell(command.replace("http://localhost:8080", stage.endpoint).replace("DK1….…", ".".join(credential)))

    status, document = answer(printed)
    assert (status, document["accepted"]) == (202, 1)


def test_first_rule(run) -> None:
    """The rules of the page are taken and route its two events as it says; the request itself is accepted."""
    [text] = [one.code for one in blocks(ROOT / "docs/tutorials/first-rule.md") if one.language == "toml"]
    inputs = tomllib.loads((ROOT / "distributary.toml").read_text())["inputs"]
    rules = Rules.from_tables(tomllib.loads(text)["rules"], inputs)
    code = snippet("docs/tutorials/first-rule.md", "both")
    [posted] = re.findall(r"-d '(.*)'", code)
    routes = []
    for element in json.loads(posted):
        parsed = parse_json(json.dumps(element))
        routes.append(rules.route(Event(0, {"id": "1", "source": "s", "type": "t"}, parsed.text, parsed.value)))

    assert [route.sinks for route in routes] == [("firehose",), ("firehose", "kinesis", "iot_events")]
    assert routes[1].partition_key == "pump-7"
    assert json.loads(run("docs/tutorials/first-rule.md", "both"))["accepted"] == 2


def test_first_detector_on_paper(run, device) -> None:
    """The steps are those that the page shows."""
    shown = next(one.code for one in blocks(ROOT / "docs/tutorials/first-detector.md") if one.language == "text")
    printed = run("docs/tutorials/first-detector.md", "replay")
    steps = [line for line in printed.splitlines() if line[:4].isdigit()]

    for line, expected in zip(steps, shown.splitlines(), strict=True):
        assert line.startswith(expected.removesuffix(" …").replace("pump-7", device))


def test_first_detector(run) -> None:
    """Too hot a reading: DescribeDetector soon answers with the state Alarm."""
    assert json.loads(run("docs/tutorials/first-detector.md", "hot"))["accepted"] == 1

    deadline, state = time.monotonic() + WITHIN_SECONDS, None
    while state != "Alarm" and time.monotonic() < deadline:
        found = json.loads(run("docs/tutorials/first-detector.md", "state"))
        state = found.get("detector", {}).get("state", {}).get("stateName")

    assert state == "Alarm"


def test_first_query(run, stage, device, since) -> None:
    """The device is counted, once Firehose has written."""
    _, document = answer(run("docs/tutorials/first-event.md", "event"))
    wait_for([document["events"][0]["id"]], lambda: s3_envelopes(stage, since), seconds=WITHIN_SECONDS)

    assert f"('{device}', 1)" in run("docs/tutorials/first-query.md", "query")


@pytest.mark.parametrize("name", ["stream", "bucket"])
def test_consume(run, stage, since, *, name) -> None:
    """Each reader prints the event."""
    _, document = answer(run("docs/tutorials/first-event.md", "event"))
    [event] = document["events"]
    wait_for([event["id"]], lambda: kinesis_envelopes(stage, since), seconds=WITHIN_SECONDS)
    wait_for([event["id"]], lambda: s3_envelopes(stage, since), seconds=WITHIN_SECONDS)

    assert f'"{event["id"]}"' in run("docs/how-to/consume.md", name)


def test_how_far(run) -> None:
    """Each load has its price."""
    printed = run("docs/explanation/how-far.md", "cost")

    assert len(re.findall(r"^All together: \$", printed, re.MULTILINE)) == 3


def test_models(tmp_path) -> None:
    """The commands of detectors/README.md, with the log that stands there; no model of ours is at fault."""
    found = blocks(ROOT / "detectors/README.md")
    [code] = [one.code for one in found if one.code.startswith("make models")]
    log = next(one.code for one in found if one.language == "json" and "advanceSeconds" in one.code)
    (tmp_path / "log.jsonl").write_text(log)

    printed = shell(code.replace("log.jsonl", f"{tmp_path}/log.jsonl"))

    assert "temperature_alarm/d1: Alarm -> Snoozed" in printed


def test_publish(run, stage, device) -> None:
    """A topic rule of the stage takes the message to its input."""
    run("docs/how-to/migrate-from-iot-events.md", "publish")

    wait_for(
        [device],
        lambda: {one["deviceId"]: one for one in journal_payloads(stage).values() if "deviceId" in one},
        seconds=WITHIN_SECONDS,
    )


def test_faults(run) -> None:
    """A fault is set, listed with its counts, and cleared: each command prints the faults that there are then."""
    listed = [json.loads(text)["faults"] for text in _documents(run("docs/reference/faults.md", "control"))]

    assert [[*one] for one in listed[-2:]] == [["outage"], []]


def _documents(printed: str) -> list[str]:
    """Each JSON document of a text that has nothing else."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(printed.rstrip()):
        _, end = decoder.raw_decode(printed, place)
        found.append(printed[place:end])
        place = end + len(printed[end:]) - len(printed[end:].lstrip())
    return found
