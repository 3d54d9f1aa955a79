"""The handshake by which a sender of CloudEvents asks whether it may post: `OPTIONS /v1/events`.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
"""

import re
from collections.abc import Collection

from distributary.http.request import Request, Response
from distributary.http.router import Endpoint

ANY = "*"
_ALLOW = "OPTIONS, POST"
_HOST = re.compile("[A-Za-z0-9.:-]{1,255}")


def handshake(origins: Collection[str]) -> Endpoint:
    """An endpoint that lets these senders post (host names; `*`: all); their requests need a key like all others."""

    def answer(request: Request) -> Response:
        origin = request.headers.get("webhook-request-origin", "")
        headers = {"allow": _ALLOW}
        if _HOST.fullmatch(origin) and (ANY in origins or origin.lower() in origins):
            # How often is for the throttle to say, with 429: what was asked for is granted.
            rate = request.headers.get("webhook-request-rate", "")
            headers |= {
                "webhook-allowed-origin": origin,
                "webhook-allowed-rate": rate if rate.isascii() and rate.isdigit() else ANY,
            }
        return Response(200, "", headers)

    return answer
