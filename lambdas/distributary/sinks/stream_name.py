"""Names that AWS takes for streams."""

import re
from collections.abc import Iterator, Sequence

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
STREAM_NAME = re.compile("[a-zA-Z0-9_.-]+")


def alias_faults(aliases: Sequence[str], longest: int) -> Iterator[str]:
    """What is wrong with each name that no stream can have."""
    for alias in aliases:
        if not STREAM_NAME.fullmatch(alias) or len(alias) > longest:
            form = f"1 to {longest} letters, digits, '_', '.' and '-', as AWS names a stream"
            yield f"aliases = {alias!r}: must be {form}"
