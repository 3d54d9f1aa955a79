"""Real clients that are no Python, in front of the deployed stack; `make clients` installs them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from certificate import localhost_certificate
from tls_front import Front, tls_front

from commands.stage import Stage


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate, with its key, that `https` is served by."""
    return localhost_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def https(stage: Stage, certificate: Path) -> Iterator[tuple[str, Front]]:
    """The URL of the endpoint behind TLS and HTTP/2, as API Gateway serves it, and what stands in front."""
    with tls_front(stage.endpoint, certificate) as served:
        yield served
