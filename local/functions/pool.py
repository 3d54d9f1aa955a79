"""Which execution environment takes a request: a warm one, a new one, or none."""

import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.functions.environment import Environment, Gone
from local.functions.folders import Folders
from local.functions.interpreter import Interpreter, find_interpreter
from local.functions.values import REQUEST_BYTES, FunctionSpec, Invocation, RequestTooLarge, TooManyRequests


@dataclass
class _Pool:
    idle: list[Environment] = field(default_factory=list)
    busy: list[Environment] = field(default_factory=list)


class Functions:
    """Runs whatever `find` says is deployed under a name, in at most `max_environments` processes per function.

    `environment` is given to each process on top of the function's own (endpoint, region), and what `credentials` gives
    for just this function on top of both; `log` takes each line that a function prints, `keep` the function, the log
    stream and the text of each log event. `find` raises LookupError for what is not deployed; `invoke` lets it through.
    `interpreter` is the Python that runs the functions; it is looked for where none is given.
    """

    def __init__(
        self,
        find: Callable[[str], FunctionSpec],
        *,
        environment: Mapping[str, str],
        credentials: Callable[[FunctionSpec], Mapping[str, str]] = lambda _: {},
        max_environments: int = 4,
        log: Callable[[str], None] = print,
        keep: Callable[[FunctionSpec, str, str], None] = lambda *_: None,
        interpreter: Interpreter | None = None,
    ) -> None:
        self._find = find
        self._environment = dict(environment)
        self._credentials = credentials
        self._max_environments = max_environments
        self._log = log
        self._keep = keep
        self._root = tempfile.TemporaryDirectory(prefix="functions-", ignore_cleanup_errors=True)
        self._folders = Folders(Path(self._root.name), interpreter or find_interpreter())
        self._folders.runtime()
        self._pools: defaultdict[str, _Pool] = defaultdict(_Pool)
        self._lock = threading.Lock()
        self._closed = False

    def invoke(self, name: str, payload: bytes) -> Invocation:
        """What the function made of `payload` (JSON); waits for it. Raises TooManyRequests, RequestTooLarge."""
        if len(payload) > REQUEST_BYTES:
            raise RequestTooLarge(
                f"Request must be smaller than {REQUEST_BYTES} bytes for the InvokeFunction operation"
            )
        while True:
            spec = self._find(name)
            environment = self._take(spec)
            try:
                return environment.invoke(payload, spec.arn)
            except Gone:
                continue
            finally:
                self._give_back(environment)

    def kill_one(self, name: str) -> int | None:
        """Kills one process that is handling a request, as `kill -9` does; its pid, or None where none is."""
        with self._lock:
            busy = list(self._pools[name].busy)
        return next((pid for environment in busy if (pid := environment.kill()) is not None), None)

    def close(self) -> None:
        """Ends every process; requests that were being handled get Lambda's `Runtime.ExitError`."""
        with self._lock:
            self._closed = True
            everything = [e for pool in self._pools.values() for e in (*pool.idle, *pool.busy)]
            for pool in self._pools.values():
                pool.idle.clear()
        for environment in everything:
            environment.end()
        self._root.cleanup()

    def _take(self, spec: FunctionSpec) -> Environment:
        with self._lock:
            if self._closed:
                raise TooManyRequests("the functions have been stopped")
            pool = self._pools[spec.name]
            retired = [e for e in pool.idle if e.revision != spec.revision]
            pool.idle = [e for e in pool.idle if e.revision == spec.revision]
            environment = self._free(pool, spec)
        for old in retired:
            old.end()
        return environment

    def _free(self, pool: _Pool, spec: FunctionSpec) -> Environment:
        if pool.idle:
            environment = pool.idle.pop()  # the most recently used: the others may cool down
        elif len(pool.busy) < self._max_environments:
            given = {**self._environment, **self._credentials(spec)}
            environment = Environment(spec, self._folders, given, self._log, self._keep)
        else:
            raise TooManyRequests("Rate Exceeded.")
        pool.busy.append(environment)
        return environment

    def _give_back(self, environment: Environment) -> None:
        with self._lock:
            pool = self._pools[environment.name]
            pool.busy.remove(environment)
            if environment.alive and not self._closed:
                pool.idle.append(environment)
                return
        environment.end()
