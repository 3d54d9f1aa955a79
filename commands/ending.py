"""How every command ends where somebody ends it: by Ctrl-C, or by reading no more of what it prints."""

import os
import signal
import sys
from collections.abc import Callable

INTERRUPTED = 128 + signal.SIGINT
UNREAD = 128 + signal.SIGPIPE


def ended(main: Callable[[], int]) -> int:
    """The exit status of a command: what `main` returns, or the one of the signal that ended it, with one line."""
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        silence()
        return UNREAD
    return status


def say(line: str) -> None:
    """Print a line at once; nothing where nobody reads any more (as after Ctrl-C under `| tee`), from any thread."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        silence()


def silence() -> None:
    """Let everything that is printed from now on go nowhere: what is still in Python's buffer, too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
