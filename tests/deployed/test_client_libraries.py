"""The client libraries, with faults between them and the endpoint and behind it: no event is lost, none is invented."""

import dataclasses
import json
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from arrived import every_record
from browser import Pages, page
from chaos.orders import Orders
from flaky_front import TURNS, Front, flaky_front
from real_client import ROOT, json_from
from snippets import snippet

from commands.key_ring import KeyRing
from distributary.access.key import for_everything
from distributary_client import Client

LIBRARY = ROOT / "clients/javascript/distributary-client.js"
PYTHON_LIBRARY = ROOT / "clients/python/distributary_client.py"
EVENTS, BATCH = 300, 50
COUNTS = {"sent": EVENTS, "accepted": EVENTS, "rejected": 0, "pending": 0}
FAULTS = {
    "outage": {"operation": "kinesis.PutRecords", "effect": "refuse_calls", "error": "InternalFailure"},
    "spill": {
        "operation": "sqs.SendMessage",
        "resource": "*Spill*",
        "effect": "refuse_calls",
        "error": "InternalError",
    },
    "some": {
        "operation": "kinesis.PutRecords",
        "effect": "refuse_records",
        "share": 0.1,
        "error": "ProvisionedThroughputExceededException",
        "seed": 5,
    },
}
SENDING = (
    f"for (let n = 0; n < {EVENTS}; n++) client.send({{deviceId: mark, n}}); await client.close(90000); client.counts"
)


@dataclasses.dataclass
class Sender:
    """One client with what stands between it and the endpoint; `mark` is what its events carry."""

    front: Front
    key: str
    folder: Path
    mark: str = dataclasses.field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def code(self) -> str:
        """JavaScript that sends all; its last expression are the counts."""
        options = f"{{batchEvents: {BATCH}, store}}"
        made = f"const client = new Client({json.dumps(self.front.url)}, {json.dumps(self.key)}, {options});"
        return f"const mark = {json.dumps(self.mark)}; {made} {SENDING}"


def python(sender: Sender) -> Any:
    """With a folder, and threads."""
    with Client(sender.front.url, sender.key, batch_events=BATCH, folder=sender.folder) as client:
        for number in range(EVENTS):
            client.send({"deviceId": sender.mark, "n": number})
        client.close(90)
    return client.counts._asdict()


def node(sender: Sender) -> Any:
    """With a folder."""
    imported = f"import {{ Client, folderStore }} from {json.dumps(str(LIBRARY))};"
    store = f"const store = await folderStore({json.dumps(str(sender.folder))});"
    code, _, counts = sender.code.rpartition("; ")
    return json_from(
        ["node", "--input-type=module", "-e", f"{imported} {store} {code}; console.log(JSON.stringify({counts}));"], {}
    )


def chromium(sender: Sender) -> Any:
    """With localStorage, on a page of another origin."""
    code, _, counts = sender.code.rpartition("; ")
    store = "const store = await browserStore();"
    pages = Pages({"/": page_of(f"{store} {code}; say([{counts}, localStorage.length]);")})
    with pages.open("/", sender.folder):
        counts, left = pages.next()
    assert left == 0
    return counts


def page_of(script: str) -> str:
    """A page that runs the script with the library."""
    library = LIBRARY.read_text().replace("</", "<\\/")
    module = "URL.createObjectURL(new Blob([library], {type: 'text/javascript'}))"
    names = f"const {{Client, browserStore}} = await import({module});"
    return page(f"const library = {json.dumps(library)}; {names} {script}")


SENDERS: dict[str, Callable[[Sender], Any]] = {"python": python, "node": node, "chromium": chromium}


@pytest.fixture
def key(stage, settle) -> str:
    """A key that pages may have, too; the stack has started its functions."""
    settle()
    wanted = dataclasses.replace(for_everything(f"clients-{uuid.uuid4().hex}"), browser=True)
    made, secret = KeyRing(stage).create(wanted)
    return f"{made.id}.{secret}"


def found(stage, mark: str) -> Counter[tuple[str, int]]:
    """How often each event with this mark is in the stream, by id and number."""
    records = [json.loads(one["Data"]) for one in every_record(stage) if mark.encode() in one["Data"]]
    assert len({one["source"] for one in records}) <= 1
    return Counter((one["id"], one["data"]["n"]) for one in records)


def test_no_event_is_lost_and_none_is_twice_without_a_reason(stage, key, faults, wait, tmp_path) -> None:
    """Each is there, under one id, and as often as a request with it reached the endpoint, at most.

    Kinesis and its retry queue are down until an event must be retried, then Kinesis refuses some records.
    All clients send at the same time.
    """
    names = [*SENDERS]
    with (
        flaky_front(stage.endpoint) as one,
        flaky_front(stage.endpoint) as two,
        flaky_front(stage.endpoint) as three,
        ThreadPoolExecutor() as pool,
    ):
        senders = [Sender(front, key, tmp_path / name) for front, name in zip((one, two, three), names, strict=True)]
        faults(**FAULTS)
        running = pool.map(lambda name, one: SENDERS[name](one), names, senders)
        assert wait(lambda: sum(sender.front.answers[503] for sender in senders)), "no event had to be retried"
        orders = Orders(stage)
        injected = orders.injected()
        orders.clear("outage")
        orders.clear("spill")
        counts = dict(zip(names, running, strict=True))

    assert counts == dict.fromkeys(names, COUNTS)
    assert [[*(tmp_path / name).iterdir()] for name in ("python", "node")] == [[], []]
    for sender in senders:
        wait(lambda mark=sender.mark: len(found(stage, mark)) >= EVENTS)
        events, front = found(stage, sender.mark), sender.front
        assert sorted(number for _, number in events) == [*range(EVENTS)]
        assert {id_: count for (id_, _), count in events.items() if count > front.passed[id_.partition("/")[0]]} == {}
        assert events.total() > EVENTS, "no answer was lost"
        assert front.turns.keys() == set(TURNS)
    assert min(injected["outage"], injected["spill"], orders.injected()["some"]) > 0


def test_a_page_keeps_what_it_cannot_send_and_sends_what_is_left_when_it_closes(stage, key, wait, tmp_path) -> None:
    """What one page left in localStorage is sent by the next, under its key; a living page's is not touched."""
    mark, options = uuid.uuid4().hex, "{linger: 1e6, store: await browserStore()}"
    kept = "Object.entries(localStorage).map(([name, text]) => [JSON.parse(text.split('\\n')[0]).key, name])"
    frame = "await new Promise((heard) => { onmessage = ({data}) => heard(data); document.body.append(frame); })"
    first = f"""
        const transport = () => Promise.reject(new Error("no network"));
        const client = new Client("{stage.endpoint}", "{key}", {{...{options}, transport}});
        client.send({{deviceId: "{mark}", n: 0}});
        await client.flush(300);
        const frame = Object.assign(document.createElement("iframe"), {{src: "/frame"}});
        say([{kept}.map(([key]) => key), {frame}, client.counts]);
        location.href = "/next";
    """
    second = f"""
        const client = new Client("{stage.endpoint}", "{key}", {options});
        while (!client.counts.sent) await new Promise((soon) => setTimeout(soon, 10));
        const found = client.counts.sent;
        say([found, await client.flush(60000), client.counts.accepted, localStorage.length]);
        client.send({{deviceId: "{mark}", n: 1}});
        location.href = "/after";
    """
    frame_page = (
        "(await browserStore()).takeUp(() => parent.postMessage(1)); setTimeout(() => parent.postMessage(0), 500);"
    )
    pages = Pages(
        {
            "/": page_of(first).replace("<script>", "<body><script>"),
            "/frame": page_of(frame_page),
            "/next": page_of(second),
            "/after": page("say('gone');"),
        }
    )

    with pages.open("/", tmp_path):
        [stored], seen_by_frame, counts = pages.next()
        taken_up = pages.next()
        assert pages.next() == "gone"
        wait(lambda: len(found(stage, mark)) == 2)

    assert (seen_by_frame, counts["pending"]) == (0, 1)
    assert taken_up == [1, True, 1, 0]
    (_, first_count), (_, second_count) = sorted((number, count) for (_, number), count in found(stage, mark).items())
    assert (first_count, second_count) == (1, 1)
    assert (f"{stored}/0", 0) in found(stage, mark)


def test_the_code_of_the_page(stage, key, wait, tmp_path) -> None:
    """docs/how-to/clients/client-libraries.md, as readers copy it: each block sends its event."""
    device = uuid.uuid4().hex
    python, node, in_page = (
        snippet("client-libraries", name, endpoint=stage.endpoint, key=key, device=device)
        for name in ("python", "node", "page")
    )
    environment = {"PYTHONPATH": str(PYTHON_LIBRARY.parent)}
    (tmp_path / "node.mjs").write_text(node.replace('"distributary-client"', json.dumps(str(LIBRARY))))
    pages = Pages({"/": page_of(in_page[in_page.index("const client") :])})

    told = [
        subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True).stdout
        for command, env in (([sys.executable, "-c", python], environment), (["node", "node.mjs"], None))
    ]
    with pages.open("/", tmp_path / "profile"):
        wait(lambda: len(sent_by(stage, device)) >= 3)

    assert told[0] == "Counts(sent=1, accepted=1, rejected=0, pending=0)\n"
    assert "accepted: 1" in told[1]
    assert sent_by(stage, device) == [{"deviceId": device, "temperature": 21.5}] * 3


def sent_by(stage, device: str) -> list[dict]:
    """The data of that device's events in the stream."""
    return [json.loads(one["Data"])["data"] for one in every_record(stage) if device.encode() in one["Data"]]
