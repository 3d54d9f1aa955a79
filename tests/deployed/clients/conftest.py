"""Real clients that are no Python, in front of the deployed stack; `make clients` installs them."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from arrived import stream_records
from tls_front import Front, tls_front

from commands.read_back import wait_for
from commands.stage import Stage
from local.certificate import localhost_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate, with its key, that `https` is served by."""
    return localhost_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def https(stage: Stage, certificate: Path) -> Iterator[tuple[str, Front]]:
    """The URL of the endpoint behind TLS and HTTP/2, as API Gateway serves it, and what stands in front."""
    with tls_front(stage.endpoint, certificate) as served:
        yield served


@pytest.fixture(scope="module")
def prefix() -> str:
    """How the data of each record begins that the SDK of this module writes."""
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def environment(stage: Stage, https: tuple[str, Front], credential: tuple[str, str], prefix: str) -> dict[str, str]:
    """The environment of an SDK's program; what stands in front of the endpoint has seen no request yet."""
    url, front = https
    front.versions.clear()
    return {
        "HTTP": stage.endpoint,
        "HTTPS": url,
        "RUN": prefix,
        "AWS_ACCESS_KEY_ID": credential[0],
        "AWS_SECRET_ACCESS_KEY": credential[1],
    }


@pytest.fixture
def missing(stage: Stage, prefix: str) -> Callable[..., set[bytes]]:
    """Waits up to a minute for an SDK's records of these names; those that a sink does not hold then.

    The sink is the stream unless `read` reads another.
    """

    def look(*names: str, read: Callable[[Stage], dict[bytes, object]] = stream_records) -> set[bytes]:
        sent = {f"{prefix}-{name}".encode() for name in names}
        return sent - wait_for(sent, lambda: read(stage), seconds=60).keys()

    return look
