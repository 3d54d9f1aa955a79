"""The same functions against the same stub over TLS: as AWS is reached, with every certificate that botocore trusts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import botocore

from bench.contestants import Contestant

TRUSTED = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where the AWS SDKs for Python and Distributary look for certificates, and where Node does."""


def over_tls(
    contestants: Sequence[Contestant], work: Path, plain: str, secure: str, certificate: Path
) -> list[Contestant]:
    """The contestants with `secure` in place of the URL `plain`; they trust the stub's certificate beside the others.

    To read those others is what a function does in AWS: a bundle of one certificate would make a start look cheap.
    """
    bundle = work / "trusted.pem"
    others = Path(botocore.__file__).with_name("cacert.pem")
    bundle.write_bytes(others.read_bytes() + certificate.read_bytes())
    return [replace(one, environment=_environment(one, plain, secure, bundle)) for one in contestants]


def _environment(one: Contestant, plain: str, secure: str, bundle: Path) -> dict[str, str]:
    trusted = dict.fromkeys(TRUSTED, str(bundle))
    return {name: value.replace(plain, secure) for name, value in one.environment.items()} | trusted
