"""syslog-ng and rsyslog with the configurations of docs/how-to/clients/logs.md: each line that they get arrives."""

import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from arrived import stream_records
from own_process import killed_process
from real_client import ROOT, must_exist
from snippets import snippet

from commands.read_back import wait_for

DEBIAN = ROOT / "build/clients/debian"
LINES = 3


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(*command: str | Path, said: Path) -> Iterator[None]:
    """A program of the folder of Debian packages, with their libraries, until the block ends."""
    folders = (*DEBIAN.glob("**/lib/*-linux-gnu"), DEBIAN / "usr/lib/syslog-ng")
    libraries = os.pathsep.join(map(str, folders))
    environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": libraries}
    with said.open("wb") as output, killed_process(command, env=environment, stdout=output, stderr=output) as program:
        yield
        program.terminate()
        program.wait(60)


def syslog_ng(folder: Path, configuration: Path) -> list[str | Path]:
    """The command, with all that it writes in `folder`."""
    [modules] = DEBIAN.glob("usr/lib/syslog-ng/[0-9]*")
    own = [f"--{what}={folder / what}" for what in ("persist-file", "pidfile", "control")]
    return [
        must_exist(DEBIAN / "usr/sbin/syslog-ng"),
        "-F",
        "--no-caps",
        "-f",
        configuration,
        f"--module-path={modules}",
        *own,
    ]


def rsyslog(folder: Path, configuration: Path) -> list[str | Path]:
    """The command, with all that it writes in `folder`."""
    [modules] = DEBIAN.glob("usr/lib/*/rsyslog")
    return [must_exist(DEBIAN / "usr/sbin/rsyslogd"), "-n", "-f", configuration, "-i", folder / "pid", "-M", modules]


def send(port: int, text: str) -> None:
    """Syslog lines over TCP, as RFC 3164 has them."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for number in range(LINES):
            connection.sendall(f"<13>Nov 26 10:00:00 web-1 shop: {text} {number}\n".encode())


@pytest.mark.parametrize(
    ("name", "command", "message"), [("syslog-ng", syslog_ng, "MESSAGE"), ("rsyslog", rsyslog, "message")]
)
def test_each_line_is_an_event(stage, credential, tmp_path, wait, *, name, command, message) -> None:
    """With the page's configuration, for this stage, key and port."""
    port, text = free_port(), f"line-{uuid.uuid4().hex}"
    given = {"endpoint": stage.endpoint, "key": ".".join(credential)}
    program = tmp_path / "post-event"
    program.write_text(snippet("logs", "post-event", **given))
    program.chmod(0o755)
    configuration = tmp_path / "configuration"
    here = snippet("logs", name, **given).replace("5514", str(port)).replace("/usr/local/bin/post-event", str(program))
    configuration.write_text(here)
    said = tmp_path / "said"

    def accepts() -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", port)) == 0

    with running(*command(tmp_path, configuration), said=said):
        assert wait(accepts), said.read_text()
        send(port, text)
        sent = [str(number) for number in range(LINES)]
        found = wait_for(sent, lambda: by_number(stage, text), seconds=60)

    assert set(found) == set(sent), said.read_text()
    assert [found[one][message].strip() for one in sent] == [f"{text} {one}" for one in sent]


def by_number(stage, text: str) -> dict[str, dict]:
    """The data of the events that hold the text, by the number at its end."""
    events = [json.loads(one)["data"] for one in stream_records(stage) if text.encode() in one]
    return {str(one.get("MESSAGE", one.get("message"))).split()[-1]: one for one in events}
