"""Lambda's own words for what a function could not say itself: timed out, exited, answered too much."""

import json
import signal

from local.functions.values import RESPONSE_BYTES


def timed_out(request_id: str, seconds: int) -> bytes:
    """The error payload of a function that ran into its timeout."""
    return _payload("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")


def exited(request_id: str, status: int) -> bytes:
    """The error payload of a process that ended in mid-request; `status` as `Popen.returncode`."""
    return _payload("Runtime.ExitError", f"RequestId: {request_id} Error: {_reason(status)}")


def response_too_large(size: int) -> bytes:
    """The error payload of an answer of `size` bytes, over Lambda's 6 MB."""
    words = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
    return _payload("Function.ResponseSizeTooLarge", words)


def message(payload: bytes) -> str:
    """The error message in an error payload of this module."""
    return str(json.loads(payload)["errorMessage"])


def _reason(status: int) -> str:
    if status < 0:
        return f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"
    if status == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {status}"


def _payload(error_type: str, error_message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": error_message}).encode()
