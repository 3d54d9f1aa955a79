"""The table (method, path) → function: what the API routes, and what the functions know of it."""

from typing import NamedTuple


class Route(NamedTuple):
    """One line of the table: `function` is a folder of lambdas/."""

    method: str
    path: str
    function: str

    @property
    def key(self) -> str:
        """API Gateway's name for the route."""
        return f"{self.method} {self.path}"


ROUTES = (
    Route("POST", "/v1/events", "ingest"),
    Route("POST", "/v1/events/plan", "ingest"),
    Route("POST", "/", "ingest"),
    Route("POST", "/inputs/messages", "ingest"),
    Route("GET", "/detectors/{model}", "serve_detectors"),
    Route("GET", "/detectors/{model}/{rest+}", "serve_detectors"),
    Route("POST", "/detectors", "serve_detectors"),
    Route("POST", "/detectors/delete", "serve_detectors"),
    Route("GET", "/", "ingest"),
    Route("GET", "/openapi.json", "ingest"),
    Route("GET", "/problems/{slug}", "ingest"),
    Route("GET", "/v1/health", "check_health"),
    Route("HEAD", "/v1/health", "check_health"),
)

# There only where `http.webhook_origins` names senders of CloudEvents.
WEBHOOK = Route("OPTIONS", "/v1/events", "ingest")

# Routes that take a JWT instead of a key, where the stage takes JWTs. Clients of the AWS-compatible APIs have none.
BY_JWT = {"POST /v1/events", "POST /v1/events/plan"}

# Whatever no route takes: this function answers 404 and 405.
DEFAULT = "ingest"

# The functions that each front leads to; a function URL is one function's.
_LED_TO = {"api-gateway": {route.function for route in ROUTES}, "function-url": {DEFAULT}}

# Requests a second and burst of what anyone may call but nobody needs often; the other routes have the stage's.
THROTTLES = {
    "GET /v1/health": (1, 2),
    "HEAD /v1/health": (1, 2),
    "OPTIONS /v1/events": (5, 10),
    "GET /": (5, 10),
    "GET /openapi.json": (5, 10),
    "GET /problems/{slug}": (5, 10),
    "$default": (20, 40),
}


def served(front: str, *, webhooks: bool = False) -> list[Route]:
    """The routes that there are behind this front, for a stage with webhooks or without."""
    routes = (*ROUTES, WEBHOOK) if webhooks else ROUTES
    return [route for route in routes if route.function in _LED_TO[front]]


def throttles(*, webhooks: bool = False) -> dict[str, tuple[int, int]]:
    """`THROTTLES` of the routes that the stage has."""
    return {key: limit for key, limit in THROTTLES.items() if webhooks or key != WEBHOOK.key}


def absent(front: str) -> list[Route]:
    """The routes that there are behind another front only."""
    return [route for route in ROUTES if route.function not in _LED_TO[front]]


def is_cut_off(function: str, front: str) -> bool:
    """Whether the function serves nothing but routes, and this front leads to none of them."""
    return function in {route.function for route in absent(front)}
