"""One execution environment: one process of one function, from its first request to its end."""

import contextlib
import os
import queue
import secrets
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from local.functions import faults
from local.functions.folders import Folders
from local.functions.memory import MEBIBYTE, peak_bytes
from local.functions.output import Output
from local.functions.runtime_api import Answered, Exited, InitFailed, Ready, Report, Request, RuntimeApi, TooLarge
from local.functions.values import FunctionSpec, Invocation

# Lambda gives the init phase 10 s; what needs longer is started again within the first request and its timeout
# (docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). Here it goes on instead of beginning anew.
_INIT_SECONDS = 10
_LAUNCH = Path(__file__).with_name("launch.py")
_LOOK_SECONDS = 0.05
"""How often it is looked at what a function holds of memory."""


class Gone(Exception):
    """The process ended while it was waiting for a request: another environment has to take it."""


class Environment:
    """Starts its process with the first request; `alive` says whether it can take another.

    A process that has held more than `memory_mb` is killed, and its request answered as Lambda does.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        folders: Folders,
        given: Mapping[str, str],
        log: Callable[[str], None],
        keep: Callable[[FunctionSpec, str, str], None],
    ) -> None:
        stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{spec.version}]{secrets.token_hex(16)}"
        self.revision = spec.revision
        self.alive = True
        self._handling = False
        self._spec = spec
        self._folders = folders
        self._given = {**given, "AWS_LAMBDA_LOG_STREAM_NAME": stream}
        self._log = log
        self._keep = partial(keep, spec, stream)
        self._process: subprocess.Popen[bytes] | None = None
        self._starting_or_ending = threading.Lock()

    @property
    def name(self) -> str:
        """The function's name."""
        return self._spec.name

    def invoke(self, payload: bytes, arn: str) -> Invocation:
        """What came of one request, for the function under this ARN; raises `Gone` where the process had ended."""
        request_id = str(uuid.uuid4())
        report = self._wake()
        if isinstance(report, Ready):
            self._output.begin(request_id)
            self._handling = True
            self._api.hand_over(Request(request_id, payload, _context(self._spec, arn, request_id)))
            report = self._report(within=self._spec.timeout_seconds)
            self._handling = False
        return self._conclude(request_id, report)

    def kill(self) -> int | None:
        """Kills the process in mid-request as `kill -9` does; its pid, or None where it is handling none."""
        process = self._process
        if process is None or not self._handling or process.poll() is not None:
            return None
        process.kill()
        return process.pid

    def end(self) -> None:
        """Ends the process and all that it started."""
        with self._starting_or_ending:
            self.alive = False
            if self._process is None:
                return
        if self._process.poll() is None:  # else the number may be another process's by now
            _kill_group(self._process.pid)
        self._process.communicate()
        self._api.close()
        self._output.drain()

    def _wake(self) -> Report | None:
        """`Ready`, or why a new process never will be. A warm one that ended while it waited is `Gone`."""
        with self._starting_or_ending:
            if not self.alive:
                raise Gone
            warm = self._process is not None
            process = self._process or self._start()
        report = self._report(within=_INIT_SECONDS + self._spec.timeout_seconds)
        if warm and (_has_ended(process.pid) or not isinstance(report, Ready)):
            self.end()
            raise Gone
        return report

    def _start(self) -> subprocess.Popen[bytes]:
        task_root, runtime = self._folders.task_root(self._spec.code), self._folders.runtime()
        self._api = RuntimeApi()
        python = self._folders.interpreter
        command: list[str | Path] = [
            python.path,
            "-I",
            "-S",
            "-X",
            "utf8",
            _LAUNCH,
            task_root,
            runtime,
            self._spec.handler,
        ]
        given = {"AWS_EXECUTION_ENV": f"AWS_Lambda_python{python.series}", **self._given}
        read, write = os.pipe()
        self._process = process = subprocess.Popen(
            command,
            env=_variables(self._spec, given, self._api.address, task_root, runtime),
            cwd=task_root,
            stdin=subprocess.PIPE,  # never written: it tells the process that we live (launch.py)
            stdout=write,
            stderr=write,
            start_new_session=True,  # Ctrl-C in the terminal is for us: we end it in order
        )
        os.close(write)
        self._output = Output(read, self._spec.name, self._log, self._keep)
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        _kill_group(process.pid)  # what the function left running ends with it, as Lambda's environment does
        self._api.reports.put(Exited(status))

    def _report(self, *, within: float) -> Report | None:
        """What the process says next; an exit for one that has held too much memory, whatever it says."""
        end = time.monotonic() + within
        report: Report | None = None
        while report is None and (left := end - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                report = self._api.reports.get(timeout=min(left, _LOOK_SECONDS))
            if self._held_too_much():
                return Exited(-signal.SIGKILL)
        return report

    def _held_too_much(self) -> bool:
        """Whether the process has held more than its memory; it is killed then."""
        process = self._process
        if process is None or process.poll() is not None:  # its number may be another process's by now
            return False
        over = peak_bytes(process.pid) > self._spec.memory_mb * MEBIBYTE
        if over:
            _kill_group(process.pid)
        return over

    def _conclude(self, request_id: str, report: Report | None) -> Invocation:
        match report:
            case Answered(payload, failed):
                self._output.drain()
                return Invocation(payload, "Unhandled" if failed else None, request_id)
            case InitFailed(payload):  # awslambdaric has logged it
                self.end()
                return Invocation(payload, "Unhandled", request_id)
            case TooLarge(size):
                fault = faults.response_too_large(size)
            case Exited(status):
                fault = faults.exited(request_id, status)
            case _:
                fault = faults.timed_out(request_id, self._spec.timeout_seconds)
        self.end()
        self._output.note(faults.message(fault))
        return Invocation(fault, "Unhandled", request_id)


def _has_ended(pid: int) -> bool:
    """Whether a process of ours has ended: `Popen.poll` does not know while another thread waits for the process."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # that thread has seen its end already
        return True


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _context(spec: FunctionSpec, arn: str, request_id: str) -> dict[str, str]:
    trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
    return {
        "Lambda-Runtime-Aws-Request-Id": request_id,
        "Lambda-Runtime-Deadline-Ms": str(int((time.time() + spec.timeout_seconds) * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": arn,
        "Lambda-Runtime-Trace-Id": trace,
    }


def _variables(
    spec: FunctionSpec, given: Mapping[str, str], runtime_api: str, task_root: Path, runtime: Path
) -> dict[str, str]:
    """What Lambda sets (docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), over the template's own."""
    json_log = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": spec.json_log_level}
    return {
        **spec.environment,
        **(json_log if spec.json_log_level else {}),
        "_HANDLER": spec.handler,
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(runtime),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "HOME": "/nonexistent",  # else boto3 would read this user's ~/.aws, which no function of the cloud has
        **given,
    }
