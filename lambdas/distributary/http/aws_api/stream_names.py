"""The names that our Kinesis stream answers to, and the one that a request asks for."""

import re
from collections.abc import Iterable

from distributary.errors import BadRequest
from distributary.http.structure import Structure
from distributary.sinks.kinesis import LONGEST_STREAM_NAME
from distributary.sinks.stream_name import STREAM_NAME

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
_ARN = re.compile(r"arn:aws.*:kinesis:.*:\d{12}:stream/\S+", re.ASCII)
_LONGEST_ARN = 2048


class StreamNames:
    """One stream's names, its real one and its aliases."""

    def __init__(self, names: Iterable[str]) -> None:
        self.every = sorted(set(names))

    def asked(self, body: Structure) -> str | None:
        """The name in StreamName or StreamARN; None where there is neither.

        Raises BadRequest for what the body's readers noted, and for another stream's name.
        """
        name = body.text("StreamName", longest=LONGEST_STREAM_NAME, pattern=STREAM_NAME)
        arn = body.text("StreamARN", longest=_LONGEST_ARN, pattern=_ARN)
        body.check()
        given = [one for one in (name, arn and arn.partition(":stream/")[2]) if one]
        for one in given:
            if one not in self.every:
                raise BadRequest("ResourceNotFoundException", f"Stream {one} not found.")
        return given[0] if given else None

    def required(self, body: Structure) -> str:
        """As `asked`, where one of the two must be given. Raises BadRequest where neither is."""
        asked = self.asked(body)
        if asked is None:
            raise BadRequest("InvalidArgumentException", "Either StreamName or StreamARN must be given.")
        return asked
