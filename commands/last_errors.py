"""What a stage's functions, and Firehose, have complained about in the last hour."""

import json
import re
import time
from datetime import UTC, datetime
from heapq import nlargest
from typing import NamedTuple

from commands.stage import Stage

HOUR = 3600
MAX_LINES = 10_000
"""More of a log group are not read: who has more errors in an hour needs the log itself."""

# As CloudWatch Logs finds lines (any of the words), and which of them are errors indeed: the lines of Powertools and of
# Lambda's runtime client, Lambda's own of a call that timed out or whose process ended (a stage may still have the log
# format "Text"), and Firehose's. The embedded AWS knows no such pattern and gives all lines.
_PATTERN = '?ERROR ?"platform.report" ?"timed out" ?"Runtime exited" ?errorCode'
_ERROR = re.compile(
    r'"level": ?"ERROR"|"type": ?"platform\.report".*"status": ?"(timeout|failure)"'
    r'|\[ERROR\]|Task timed out|Runtime exited|"errorCode"'
)
_LONGEST = 160
_SAID = ("errorCode", "errorType", "errorMessage", "error")


class Complaint(NamedTuple):
    """One error: `time` in seconds since 1970, `place` as the stack's output of the log group begins."""

    time: float
    place: str
    text: str

    def __str__(self) -> str:
        """One line of a screen."""
        return f"{datetime.fromtimestamp(self.time, UTC):%H:%M:%S} {self.place}: {self.text}"


def last_errors(stage: Stage, *, most: int = 5) -> list[Complaint]:
    """The newest of them, newest first. Raises what boto3 raises."""
    groups = {
        name.removesuffix("LogGroupName"): group
        for name, group in stage.outputs.items()
        if name.endswith("LogGroupName")
    }
    return nlargest(most, (one for place, group in groups.items() for one in _of(stage, place, group)))


def _of(stage: Stage, place: str, group: str) -> list[Complaint]:
    pages = (
        stage.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=group,
            filterPattern=_PATTERN,
            startTime=int((time.time() - HOUR) * 1000),
            PaginationConfig={"MaxItems": MAX_LINES},
        )
    )
    events = (event for page in pages for event in page["events"] if _ERROR.search(event["message"]))
    return [Complaint(event["timestamp"] / 1000, place, said(event["message"])) for event in events]


def said(line: str) -> str:
    """What a line of a log says, on one line and not too long."""
    try:
        members = json.loads(line)
    except ValueError:
        members = {}
    if not isinstance(members, dict) or not members:
        return line.strip().partition("\n")[0][:_LONGEST]
    record = members.get("record", members)
    where = [members.get("message", ""), *(record.get(name, "") for name in _SAID)]
    if members.get("type") == "platform.report":
        where = [f"Lambda ended the call: {record['status']}", record.get("errorType", "")]
    return " ".join(str(one) for one in where if one)[:_LONGEST]
