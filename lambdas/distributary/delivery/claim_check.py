"""The claim check: data too large for a stream is stored in the bucket, and the envelope travels with its `dataref`.

Source: https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/dataref.md
"""

import hashlib
from dataclasses import replace
from urllib.parse import unquote

from distributary.aws import timeouts
from distributary.aws.bucket import Bucket
from distributary.clock import Clock, rfc3339
from distributary.errors import BadEvent, SinkUnavailable
from distributary.events import Event
from distributary.media_type import is_header

CLAIM_PREFIX = "claims/"


class ClaimCheck:
    """Stores the data of events; the same event sent again on the same day is stored under the same key."""

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock

    def refuse_forged(self, event: Event) -> None:
        """Raises BadEvent for an event that brings a `dataref` into this bucket, in whatever form it names it.

        A consumer may read there what the sender may not: the data of other callers, dead letters, every event.
        """
        reference, own = event.attributes.get("dataref"), self._bucket.name.lower()
        if own and isinstance(reference, str) and own in unquote(reference).lower():
            detail = "dataref names this stage's own bucket, where only the stage puts data: send the data itself"
            raise BadEvent("Forbidden", detail, "/dataref")

    def check_in(self, event: Event, *, until: float) -> Event:
        """The event without its data, with the `dataref` under which it is stored. Raises SinkUnavailable.

        No call starts that may not be over by `until`, on the clock's `monotonic`.
        """
        if self._clock.monotonic() + timeouts.CALL > until:
            raise SinkUnavailable("OutOfTime", "no time was left to store the data", retryable=True)
        data = event.data.encode() if isinstance(event.data, str) else event.data or b""
        name = hashlib.sha256(b"\0".join([event.source.encode(), event.id.encode(), data])).hexdigest()
        key = f"{CLAIM_PREFIX}{rfc3339(self._clock.time())[:10].replace('-', '/')}/{name}"
        self._bucket.put(key, data, _content_type(event))
        reference = {"dataref": f"s3://{self._bucket.name}/{key}"}
        return replace(event, attributes={**event.attributes, **reference}, data=None)


def _content_type(event: Event) -> str:
    """The event's `datacontenttype` where a header can carry it: a CloudEvent in JSON may say anything there."""
    kind = str(event.attributes.get("datacontenttype", ""))
    if is_header(kind):
        return kind
    return "application/json" if isinstance(event.data, str) and not kind else "application/octet-stream"
