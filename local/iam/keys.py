"""The temporary credentials of roles: what Lambda gives a function's process, one set for each role and session."""

from __future__ import annotations

import re
import secrets
import string
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from local.iam.policy import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "ASIA"  # of temporary keys; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
LETTERS = string.ascii_uppercase + string.digits
CREDENTIAL = re.compile(r"Credential=([A-Za-z0-9]+)(?:/|%2F)")


class AccessKey(NamedTuple):
    """An access key of a role's session."""

    principal: Principal
    id: str
    secret: str
    token: str

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables in which SDKs look for it."""
        return {
            "AWS_ACCESS_KEY_ID": self.id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_SESSION_TOKEN": self.token,
        }


class AccessKeys:
    """Every access key that was given out; all others are the operator's, who may do everything."""

    def __init__(self) -> None:
        self._by_id: dict[str, AccessKey] = {}
        self._by_principal: dict[Principal, AccessKey] = {}
        self._lock = threading.Lock()

    def of(self, role: str, session: str) -> AccessKey:
        """The key of this role (an ARN) in this session, the same one each time."""
        principal = Principal(role=role, session=session)
        with self._lock:
            if principal not in self._by_principal:
                number = PREFIX + "".join(secrets.choice(LETTERS) for _ in range(16))
                made = AccessKey(principal, number, secrets.token_urlsafe(30), secrets.token_urlsafe(180))
                self._by_id[number] = self._by_principal[principal] = made
            return self._by_principal[principal]

    def signed(self, environ: Mapping[str, Any]) -> AccessKey | None:
        """The key with which a request is signed, in its headers or its query; None where it is none of a role."""
        found = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", "")) or CREDENTIAL.search(
            environ.get("QUERY_STRING", "")
        )
        return self._by_id.get(found[1]) if found else None
