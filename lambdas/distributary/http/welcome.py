"""`GET /`: what answers here, which version, and where to read on."""

import json

from distributary import VERSION
from distributary.access.key_store import KeySettings
from distributary.http.request import Request, Response
from distributary.http.router import Endpoint

_ACCESS = {
    "keys": "with a key: docs/how-to/keys.md says how it is made and presented",
    "jwt": "at /v1/events with a JWT, at the other endpoints with a key: docs/how-to/keys.md says how",
    "open": "open: no key is asked for, so put this on no network that you do not trust",
}


def welcome(settings: KeySettings) -> Endpoint:
    """An endpoint that gives name, version, documentation and how to get in, the same to everyone."""
    about = {
        "name": "distributary",
        "version": VERSION,
        "docs": "README.md and docs/ of this version's source",
        "openapi": "/openapi.json",
        "access": _ACCESS["jwt" if settings.jwt_source_claim else settings.auth],
    }
    body = json.dumps(about)

    def answer(_request: Request) -> Response:
        return Response(200, body, {"content-type": "application/json"})

    return answer
