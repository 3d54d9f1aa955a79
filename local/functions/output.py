"""What a function prints, line by line, each under the request that printed it."""

import os
import select
import threading
from collections.abc import Callable

_PIPE_BYTES = 1024 * 1024  # more than a pipe holds (64 KiB), so that one read empties it


class Output:
    """Reads a function's stdout and stderr from `pipe` and hands each line to `log`: "<function> <request id> <line>".

    `keep` takes what Lambda would make one log event of: a line, or a stack trace with its lines.
    A function writes before it answers, so `drain` at the answer finds all that its request wrote: no line is shown
    under the next request's id.
    """

    def __init__(self, pipe: int, function: str, log: Callable[[str], None], keep: Callable[[str], None]) -> None:
        self._pipe = pipe
        self._function = function
        self._log = log
        self._keep = keep
        self._request_id = "init"
        self._rest = b""
        self._lock = threading.Lock()
        os.set_blocking(pipe, False)
        threading.Thread(target=self._follow, name=f"output of {function}", daemon=True).start()

    def begin(self, request_id: str) -> None:
        """From here on lines belong to this request."""
        self.drain()
        self._request_id = request_id

    def drain(self) -> None:
        """Shows what has been written so far."""
        with self._lock:
            self._read()

    def note(self, line: str) -> None:
        """Shows a line of Lambda's own among the function's."""
        self.drain()
        self._show(line)

    def _follow(self) -> None:
        more = True
        while more:
            select.select([self._pipe], [], [])
            with self._lock:
                more = self._read()
        with self._lock:
            os.close(self._pipe)
            self._pipe = -1  # its number is soon another file's

    def _read(self) -> bool:
        try:
            data = os.read(self._pipe, _PIPE_BYTES)
        except BlockingIOError:
            return True
        except OSError:  # already closed: the function has ended
            return False
        *events, self._rest = (self._rest + data).split(b"\n")
        if not data and self._rest:
            events, self._rest = [self._rest], b""
        for event in events:
            self._show(event.decode(errors="replace"))
        return bool(data)

    def _show(self, event: str) -> None:
        # awslambdaric separates the lines of a stack trace by a carriage return, so that they are one log event.
        lines = event.split("\r")
        for line in lines:
            self._log(f"{self._function} {self._request_id} {line}")
        self._keep("\n".join(lines))
