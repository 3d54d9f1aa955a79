"""Bodies with Content-Encoding `zstd`: one frame, whose window may have 8 MiB (RFC 9659).

Python has it since 3.14; where the library runs on an older one, `backports.zstd` is the same.
"""

import sys
from collections.abc import Callable

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

_OPTIONS: dict[int, int] = {DecompressionParameter.window_log_max: 23}
# As much is decoded in a step: a decoder is asked for the rest of the limit, and may reserve it.
_STEP = 64 * 1024


class DamagedZstd(Exception):
    """The body is no frame of zstd, its window is too large, or something follows it."""


def decoded(body: bytes, limit: int, too_large: Callable[[], Exception]) -> bytes:
    """What the frame holds. Raises DamagedZstd, EOFError where it has no end, and `too_large` beyond `limit` bytes.

    There is one decoder for a body: to make one for each of half a million empty frames would take seconds.
    """
    reader = ZstdDecompressor(options=_OPTIONS)
    found = bytearray()
    piece = body
    try:
        while not reader.eof:
            if reader.needs_input and not piece:
                raise EOFError
            found += reader.decompress(piece, max_length=_STEP)
            piece = b""
            if len(found) > limit:
                raise too_large()
    except ZstdError as error:
        raise DamagedZstd(str(error)) from None
    if reader.unused_data:
        raise DamagedZstd("something follows the frame")
    return bytes(found)
