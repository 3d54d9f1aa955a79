"""Orders to a local stage: faults, kills, replay; and how much waits in its retry queues."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from chaos.scenario import Kill
from commands.post import request
from commands.stage import Stage

ASK_AGAIN_SECONDS = 0.01
REPLAY = "commands.replay"
COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


class OrderError(Exception):
    """The embedded AWS did not do what it was told to."""


def messages_in(sqs: Any, queue_url: str) -> int:
    """How many messages a queue holds, those that are delayed or being worked on included."""
    counts = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=list(COUNTS))["Attributes"]
    return sum(int(counts[name]) for name in COUNTS)


class Orders:
    """Orders to the AWS of one local stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._sqs = stage.client("sqs")

    def set(self, faults: Mapping[str, Any]) -> None:
        """Set these faults."""
        self._order("PUT", "faults", json.dumps(faults).encode())

    def injected(self) -> dict[str, int]:
        """How often each fault was injected since it was set."""
        return {name: fault["injected"] for name, fault in self._order("GET", "faults")["faults"].items()}

    def clear(self, name: str = "") -> None:
        """Forget one fault, or every one."""
        self._order("DELETE", f"faults?name={name}" if name else "faults")

    def kill(self, function: str) -> bool:
        """Whether a process of the function was handling a request, and was killed."""
        return "killed" in self._order("POST", f"kill?function={function}", allowed=HTTPStatus.CONFLICT)

    def replay(self) -> None:
        """Bring every dead letter back, with the command that is there for it."""
        options = ["--stage", self._stage.name, "--aws-endpoint", str(self._stage.aws_endpoint)]
        done = subprocess.run([sys.executable, "-m", REPLAY, *options], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OrderError(f"{REPLAY} failed: {(done.stderr or done.stdout).strip()}")

    def waiting(self) -> int:
        """How many messages the retry queues hold, those that are being worked on included."""
        queues = [url for name, url in self._stage.outputs.items() if "Spill" in name and name.endswith("QueueUrl")]
        return sum(messages_in(self._sqs, url) for url in queues)

    def _order(self, method: str, path: str, body: bytes | None = None, allowed: int = HTTPStatus.OK) -> dict[str, Any]:
        answer = request(str(self._stage.aws_endpoint), method, f"/_distributary/{path}", body=body)
        if answer.status not in {HTTPStatus.OK, allowed}:
            raise OrderError(f"{method} {path}: {answer.status} {answer.body.decode(errors='replace')}")
        document: dict[str, Any] = json.loads(answer.body)
        return document if answer.status == HTTPStatus.OK else {}


class Killer:
    """Inside `with`, kills a function's processes as the kill says, and counts it in `injected`."""

    def __init__(self, orders: Orders, kill: Kill | None, function: str, injected: dict[str, int]) -> None:
        self._orders = orders
        self._kill = kill
        self._function = function
        self._injected = injected
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)

    def __enter__(self) -> Self:
        """Begins."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        left, pause = self._kill.times if self._kill else 0, ASK_AGAIN_SECONDS
        while self._kill and left and not self._stopping.wait(pause):
            pause = ASK_AGAIN_SECONDS
            if self._orders.kill(self._function):
                self._injected["kill"] = self._injected.get("kill", 0) + 1
                left, pause = left - 1, self._kill.every_seconds
