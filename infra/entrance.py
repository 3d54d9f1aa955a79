"""What `[http]` of the configuration says: who may come to the endpoint, how often, with whose tokens."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from infra.table import within


@dataclass(frozen=True, kw_only=True)
class Jwt:
    """Whose JSON Web Tokens `/v1/events` takes instead of keys; without an issuer it takes keys.

    What API Gateway checks: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html.
    """

    issuer: str = ""
    audience: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    source_claim: str = "sub"
    sinks_claim: str = ""

    def faults(self) -> Iterator[str]:
        """What is missing or contradicts itself, by setting."""
        if self.issuer and not self.issuer.startswith("https://"):
            yield f"issuer = {self.issuer!r}: must be an https URL, as the tokens' iss has it"
        if self.issuer and not all(self.audience or [""]):
            yield "audience: must name whom the tokens are for, as their aud or client_id"
        if self.issuer and not self.source_claim:
            yield "source_claim: must name the claim that events without a source have theirs from"
        if not self.issuer and (self.audience or self.scopes or self.sinks_claim):
            yield "issuer: is missing, and without it no token is taken"


@dataclass(frozen=True, kw_only=True)
class Http:
    """The endpoint: who may call it from a browser, and how often each route may be called.

    Throttles: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html.
    """

    cors_origins: tuple[str, ...] = ()
    requests_per_second: int = within(1, 100_000, 1000)
    burst: int = within(1, 50_000, 500)
    jwt: Jwt = field(default_factory=Jwt)

    def faults(self) -> Iterator[str]:
        """What is missing or contradicts itself, by setting."""
        yield from (f"http.jwt.{fault}" for fault in self.jwt.faults())
