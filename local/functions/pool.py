"""Which execution environment takes a request: a warm one, a new one, or the next that is free."""

import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.functions.environment import Environment, Gone
from local.functions.folders import Folders
from local.functions.interpreter import Interpreter, find_interpreter
from local.functions.line import Line
from local.functions.values import REQUEST_BYTES, FunctionSpec, Invocation, RequestTooLarge, TooManyRequests

CONCURRENCY = 100
"""How many requests of a function may be under way, as many as an account's Lambda would give it environments."""
# An HTTP API waits 30 s for its integration: a request that has waited longer could not be answered any more.
_WAIT_SECONDS = 29.0


@dataclass
class _Pool:
    line: Line
    idle: list[Environment] = field(default_factory=list)
    busy: list[Environment] = field(default_factory=list)


class Functions:
    """Runs whatever `find` says is deployed under a name, in at most `max_environments` processes per function.

    Lambda would start an environment for each request: here those beyond wait `wait_seconds` for a process, up to
    `concurrency` requests of a function, or its reserved concurrency; what is beyond that is refused at once.

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
        concurrency: int = CONCURRENCY,
        wait_seconds: float = _WAIT_SECONDS,
        log: Callable[[str], None] = print,
        keep: Callable[[FunctionSpec, str, str], None] = lambda *_: None,
        interpreter: Interpreter | None = None,
    ) -> None:
        self._find = find
        self._environment = dict(environment)
        self._credentials = credentials
        self._max_environments = max_environments
        self._concurrency = concurrency
        self._wait_seconds = wait_seconds
        self._log = log
        self._keep = keep
        self._root = tempfile.TemporaryDirectory(prefix="functions-", ignore_cleanup_errors=True)
        self._folders = Folders(Path(self._root.name), interpreter or find_interpreter())
        self._folders.runtime()
        self._lock = threading.Lock()
        self._pools: defaultdict[str, _Pool] = defaultdict(lambda: _Pool(Line(self._lock)))
        self._closed = False

    def invoke(self, name: str, payload: bytes) -> Invocation:
        """What the function made of `payload` (JSON); waits for it. Raises TooManyRequests, RequestTooLarge."""
        if len(payload) > REQUEST_BYTES:
            raise RequestTooLarge(
                f"Request must be smaller than {REQUEST_BYTES} bytes for the InvokeFunction operation"
            )
        spec = self._find(name)
        most = self._concurrency if spec.reserved_concurrency is None else spec.reserved_concurrency
        pool = self._pool_of(spec)
        with pool.line.admit(most):
            while True:
                environment, spec = self._take(name, pool)
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
                pool.line.look_again()
        for environment in everything:
            environment.end()
        self._root.cleanup()

    def _pool_of(self, spec: FunctionSpec) -> _Pool:
        with self._lock:
            return self._pools[spec.name]

    def _take(self, name: str, pool: _Pool) -> tuple[Environment, FunctionSpec]:
        """A process of what is deployed when it is this request's turn, which may be later than when it came."""
        with self._lock:
            pool.line.wait(lambda: self._closed or self._has_room(pool), self._wait_seconds)
            if self._closed:
                raise TooManyRequests("the functions have been stopped")
            spec = self._find(name)
            retired = [e for e in pool.idle if e.revision != spec.revision]
            pool.idle = [e for e in pool.idle if e.revision == spec.revision]
            environment = self._free(pool, spec)
        for old in retired:
            old.end()
        return environment, spec

    def _has_room(self, pool: _Pool) -> bool:
        return bool(pool.idle) or len(pool.busy) < self._max_environments

    def _free(self, pool: _Pool, spec: FunctionSpec) -> Environment:
        if pool.idle:
            environment = pool.idle.pop()  # the most recently used: the others may cool down
        else:
            given = {**self._environment, **self._credentials(spec)}
            environment = Environment(spec, self._folders, given, self._log, self._keep)
        pool.busy.append(environment)
        return environment

    def _give_back(self, environment: Environment) -> None:
        with self._lock:
            pool = self._pools[environment.name]
            pool.busy.remove(environment)
            kept = environment.alive and not self._closed
            if kept:
                pool.idle.append(environment)
            pool.line.look_again()
        if not kept:
            environment.end()
