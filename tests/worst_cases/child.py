"""One call of one function in a process of its own: what it took of CPU and memory.

Run by path: `python child.py FOLDER EVENT`, with the function's own environment. FOLDER holds handler.py and its
configuration.json, EVENT is a file with the event's JSON. The last line it prints is JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path

ARN = "arn:aws:lambda:us-east-1:123456789012:function:Telemetry"


class Context:
    """What Lambda tells about this call."""

    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
    invoked_function_arn = ARN

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's end."""
        return 29_000


def status(name: str) -> int:
    """Bytes, from the kernel's account of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def loop_seconds() -> float:
    """CPU seconds of the reference loop, the best of five: JSON read and written, as all functions do it."""
    document = json.dumps([{"deviceId": f"d-{n}", "temperature": n / 7, "tags": ["a", "b"]} for n in range(3000)])
    best = 1.0
    for _ in range(5):
        begin = time.process_time()
        json.dumps(json.loads(document))
        best = min(best, time.process_time() - begin)
    return best


def main(folder: str, event: str) -> None:
    """Calls, and prints what it took."""
    sys.path.insert(0, folder)
    from handler import handle  # noqa: PLC0415 - the folder has just been put on the path

    loop = loop_seconds()
    text = Path(event).read_bytes()
    begin = time.process_time()
    answer = handle(json.loads(text), Context())
    json.dumps(answer, ensure_ascii=False)
    took = time.process_time() - begin
    peak = status("VmHWM")
    is_http = isinstance(answer, dict) and "body" in answer
    shown = {name: answer[name] for name in ("statusCode", "body")} if is_http else answer
    told = {"cpu": took, "loops": took / loop, "peak": peak, "answer": json.dumps(shown)}
    sys.stdout.write(f"\n{json.dumps(told)}\n")


if __name__ == "__main__":
    # A fault in what is measured must not take the machine with it.
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    main(sys.argv[1], sys.argv[2])
