"""`GET /`: what answers here, which version, and where to read on."""

import json

from distributary import VERSION
from distributary.http.request import Request, Response

_BODY = json.dumps(
    {
        "name": "distributary",
        "version": VERSION,
        "docs": "README.md and docs/ of this version's source",
        "access": "open: no key is asked for yet, so put this on no network that you do not trust",
    }
)


def welcome(_request: Request) -> Response:
    """Name, version and documentation, the same for everyone."""
    return Response(200, _BODY, {"content-type": "application/json"})
