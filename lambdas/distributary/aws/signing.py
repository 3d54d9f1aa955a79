"""AWS Signature Version 4 for a POST without a query: what AWS asks of a request before it believes who sent it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from distributary.aws.environment import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"


class Signer:
    """Signs for one service in one region; a day's key is derived once."""

    def __init__(self, service: str, region: str) -> None:
        self._service = service
        self._region = region
        self._derived: tuple[str, str, bytes] = ("", "", b"")

    def sign(
        self, path: str, headers: Mapping[str, str], body: bytes, credentials: Credentials, now: str
    ) -> dict[str, str]:
        """The headers (names in lower case, `host` among them) with those that sign; `now` as `20261122T101500Z`."""
        token = {"x-amz-security-token": credentials.token} if credentials.token else {}
        signed = dict(sorted({**headers, **token, "x-amz-date": now}.items()))
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        canonical = f"POST\n{path}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{now[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"{_ALGORITHM}\n{now}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key(credentials.secret_key, now[:8]), text.encode(), "sha256").hex()
        claim = (
            f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return {**signed, "authorization": claim}

    def _key(self, secret: str, day: str) -> bytes:
        derived_for, derived_on, key = self._derived
        if (derived_for, derived_on) != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._derived = (secret, day, key)
        return key
