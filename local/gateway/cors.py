"""Cross-origin requests as an HTTP API answers them by itself.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html: with CORS configured, preflights never reach a
function, and the CORS headers of its answers are ignored in favour of the configured ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cors:
    """An API's CORS configuration in AWS's words; an origin may be exact, "*", "https://*" or "http://*"."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False

    def preflight_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of the answer to a preflight; none where its origin is not allowed."""
        found = self._origin_headers(headers)
        if found:
            found["access-control-allow-methods"] = ",".join(self.allow_methods)
            found["access-control-allow-headers"] = ",".join(self.allow_headers)
            found["access-control-max-age"] = "" if self.max_age is None else str(self.max_age)
        return {name: value for name, value in found.items() if value}

    def answer_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers to add to the answer to any other request; none where its origin is not allowed."""
        found = self._origin_headers(headers)
        if found and self.expose_headers:
            found["access-control-expose-headers"] = ",".join(self.expose_headers)
        return found

    def _origin_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        origin = headers.get("origin", "")
        allowed = next((one for one in self.allow_origins if _allows(one, origin)), None)
        if not origin or allowed is None:
            return {}
        found = {"access-control-allow-origin": "*" if allowed == "*" else origin}
        if self.allow_credentials:
            found["access-control-allow-credentials"] = "true"
        return found


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks for permission: OPTIONS with an origin and the method it means to use."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def _allows(allowed: str, origin: str) -> bool:
    return origin == allowed or (allowed.endswith("*") and origin.startswith(allowed.removesuffix("*")))
