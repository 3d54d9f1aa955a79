"""What `[http]` of the configuration says: who may come to the endpoint, how often, with whose tokens."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from distributary.http.events_api.kept import HttpSettings
from distributary_cdk.prop_types import Texts, within
from distributary_cdk.props import props


@props
class JwtProps:
    """Whose JSON Web Tokens `/v1/events` takes instead of keys; without an issuer it takes keys.

    What API Gateway checks: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html.
    """

    issuer: str = ""
    """The issuer's https URL, as the tokens' `iss` has it; empty: keys are taken."""
    audience: Texts = ()
    """A token must be for one of these, by its `aud` or `client_id`."""
    scopes: Texts = ()
    """A token must have one of these; none: any token."""
    source_claim: str = "sub"
    """The claim that is the source of events that bring none."""
    sinks_claim: str = ""
    """The claim that names the sinks a token may write to; empty: every sink."""

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


@props
class DomainProps:
    """The endpoint's own name; all of it or nothing.

    `certificate` is the ARN of an ACM certificate in the stack's region, `zone_id` of a public Route 53 zone:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html.
    """

    name: str = ""
    """The host name, as in `events.example.com`."""
    certificate: str = ""
    """The ARN of its ACM certificate, in the stack's region."""
    zone_id: str = ""
    """The Route 53 zone that gets its records."""

    def faults(self) -> Iterator[str]:
        """What is missing or cannot be, by setting."""
        given = {"name": self.name, "certificate": self.certificate, "zone_id": self.zone_id}
        if any(given.values()):
            yield from (f"{name}: is missing; a domain needs name, certificate and zone_id" for name in _empty(given))
            yield from (
                f"{name} = {value!r}: must be {described}"
                for name, (pattern, described) in _FORMS.items()
                if (value := given[name]) and not re.fullmatch(pattern, value)
            )


_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HEADER = r"[a-z0-9!#$%&'+.^_`|~-]+"  # an HTTP token without "*", which API Gateway takes for every header
_FORMS = {
    "name": (rf"({_LABEL}\.)+{_LABEL}", 'a host name in lower case, such as "events.example.com"'),
    "certificate": (r"arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]+", "the ARN of an ACM certificate"),
    "zone_id": (r"Z[A-Z0-9]{1,31}", 'the id of a hosted zone, such as "Z0123456789ABC"'),
}


_ORIGIN = r"\*|[a-z][a-z0-9+.-]*://[^/?#@\s]+"


def _not_an_origin(text: str) -> str:
    host = re.sub(r"^[a-z]+://", "", text).partition("/")[0]
    return f"cors_origins: {text!r} must be scheme://host[:port] without a path, as in 'https://{host}', or '*'"


def _empty(given: Mapping[str, str]) -> list[str]:
    return [name for name, value in given.items() if not value]


@props
class HttpProps(HttpSettings):
    """The endpoint: who may call it from a browser, and how often each route may be called.

    Throttles: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html.
    """

    front: Literal["api-gateway", "function-url"] = "api-gateway"
    """What takes requests: an HTTP API, or a Lambda function URL, which is free and has nothing of API Gateway's."""
    cors_origins: Texts = ()
    """Web pages that may post, as in `https://app.example.com`; `*` is any."""
    cors_headers: Texts = ("traceparent", "tracestate", "baggage")
    """Headers that they may send beside those that the API reads itself."""
    cors_credentials: bool = False
    """Also with cookies, which the API does not read; then `cors_origins` are names, not `*`."""
    webhook_origins: Texts = ()
    """Senders of CloudEvents webhooks that may ask with `OPTIONS /v1/events`, by host name; `*` is any."""
    requests_per_second: int = within(1, 100_000, 1000)
    """The limit of each route; beyond it API Gateway answers 429."""
    burst: int = within(1, 50_000, 500)
    """How many requests may come at the same time."""
    jwt: JwtProps = JwtProps()
    domain: DomainProps = DomainProps()

    def faults(self) -> Iterator[str]:
        """What is missing or contradicts itself, by setting."""
        yield from super().faults()
        if self.front == "function-url":
            yield from self._faults_without_api_gateway()
        yield from (_not_an_origin(one) for one in self.cors_origins if not re.fullmatch(_ORIGIN, one))
        for name in self.webhook_origins:
            if name != "*" and not re.fullmatch(_FORMS["name"][0], name):
                yield f"webhook_origins: {name!r} must be a host name, such as 'emitter.example.com', or '*'"
        for header in self.cors_headers:
            if not re.fullmatch(_HEADER, header):
                yield f"cors_headers: {header!r} must be a header's name in lower case, such as 'x-my-header'"
        if self.cors_credentials and not self.cors_origins:
            yield "cors_credentials: is used with cors_origins only"
        # Browsers and API Gateway take no "*" with credentials. https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
        if self.cors_credentials and "*" in self.cors_origins:
            yield "cors_credentials: needs cors_origins by name, not '*'"

    def _faults_without_api_gateway(self) -> Iterator[str]:
        """Each setting that only API Gateway can keep, unless it has its default."""
        why = "needs front = 'api-gateway': with front = 'function-url' there is no API Gateway"
        chosen = {
            "requests_per_second": self.requests_per_second != HttpProps.requests_per_second,
            "burst": self.burst != HttpProps.burst,
            "jwt": self.jwt != JwtProps(),
            "domain": self.domain != DomainProps(),
        }
        yield from (f"{name}: {why}" for name, is_chosen in chosen.items() if is_chosen)
