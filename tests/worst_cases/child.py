"""One call of one function in a process of its own: what it took of CPU and memory.

Run by path: `python child.py FOLDER EVENT SECONDS`, with the function's own environment. FOLDER holds handler.py and
its configuration.json, EVENT is a file with the event's JSON, SECONDS is what a turn of the reference loop takes at the
function's share of a core of Lambda. The last line it prints is JSON.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

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


def loop_turns(count: int) -> list[float]:
    """CPU seconds of turns of the reference loop: JSON read, copied and written, in memory that no cache holds.

    What is measured is as large: where others take the memory's time, both are slower alike.
    """
    text = "{" + ",".join([f'"{number:07d}":"v{number}"' for number in range(100_000)]) + "}"
    turns = []
    for _ in range(count):
        begin = time.process_time()
        members = {name: value for name, value in json.loads(text).items() if value is not None}
        json.dumps(members)
        turns.append(time.process_time() - begin)
    return turns


def stretched(factor: float) -> Callable[[], float]:
    """A monotonic clock on which each second of this process's CPU is so many: as at a share of a slower core."""
    monotonic, process_time = time.monotonic, time.process_time
    wall, cpu = monotonic(), process_time()
    latest = [wall]

    def now() -> float:
        worked = process_time() - cpu
        waited = max(0.0, monotonic() - wall - worked)
        latest[0] = max(latest[0], wall + waited + worked * factor)
        return latest[0]

    return now


def main(folder: str, event: str, loop_on_lambda: str) -> None:
    """Calls, and prints what it took; a turn of the loop takes so many seconds on the function's share of a core."""
    turns = loop_turns(3)
    time.monotonic = stretched(float(loop_on_lambda) / median(turns))  # before anybody takes it
    sys.path.insert(0, folder)
    from handler import handle  # noqa: PLC0415 - the folder has just been put on the path

    text = Path(event).read_bytes()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far is the loop's
    begin = time.process_time()
    answer = handle(json.loads(text), Context())
    json.dumps(answer, ensure_ascii=False)
    took = time.process_time() - begin
    peak = status("VmHWM")
    is_http = isinstance(answer, dict) and "body" in answer
    shown = {name: answer[name] for name in ("statusCode", "body")} if is_http else answer
    told = {"cpu": took, "loops": took / median(turns + loop_turns(3)), "peak": peak, "answer": json.dumps(shown)}
    sys.stdout.write(f"\n{json.dumps(told)}\n")


if __name__ == "__main__":
    # A fault in what is measured must not take the machine with it.
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    main(*sys.argv[1:])
