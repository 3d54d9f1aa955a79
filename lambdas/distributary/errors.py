"""Every error of the library, and whose fault each one is.

```
DistributaryError
├── BadRequest            400  the client's: the request as a whole cannot be taken
│   ├── TooLarge          413  a limit on the body or on the number of events
│   ├── UnknownEncoding   415  a Content-Encoding or Content-Type that we do not speak
│   ├── NotFound          404  no such path
│   ├── MethodNotAllowed  405  the path is known, the method is not
│   ├── Unauthorized      401  no credentials, or wrong ones
│   ├── Forbidden         403  the key is good, but not for this
│   └── TooManyRequests   429  more than the key's quota; says when to come back
├── BadEvent                   the client's: one event; becomes that event's rejection, never a status of its own
├── KeysUnavailable       503  AWS's: the key cannot be checked now; says when to come back
├── SettingsError              the operator's: synth or cold start fails and lists all faults
├── BadDefinition              the operator's: likewise, for rules, inputs and detector models
├── Unreadable                 nobody's: a message in one of our queues that we did not write
└── SinkUnavailable            AWS's: a whole call failed; every record of it becomes a failure
```
"""

from collections.abc import Sequence


class DistributaryError(Exception):
    """The root: what this library raises on purpose."""


class BadRequest(DistributaryError):
    """A request that no one can take as it is: `code` names the problem, `pointer` (JSON pointer) the place."""

    status = 400

    def __init__(self, code: str, detail: str, pointer: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.pointer = pointer


class TooLarge(BadRequest):
    """A request over one of our limits."""

    status = 413


class UnknownEncoding(BadRequest):
    """A request in an encoding that we do not speak."""

    status = 415


class NotFound(BadRequest):
    """A path that no route names."""

    status = 404


class MethodNotAllowed(BadRequest):
    """A path that routes name with other methods: `allowed` lists them."""

    status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__("MethodNotAllowed", f"this path takes {', '.join(allowed)}")
        self.allowed = tuple(allowed)


class BadEvent(DistributaryError):
    """One event that cannot be taken: `pointer` is the JSON pointer inside the event ("" is the event itself)."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.pointer = pointer


class _Faults(DistributaryError):
    """An operator's mistakes, all of them at once."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class SettingsError(_Faults):
    """Settings that cannot be used: each fault names its setting."""


class BadDefinition(_Faults):
    """Rules, inputs or detector models that cannot be used: each fault names its place."""


class SinkUnavailable(DistributaryError):
    """A call that failed as a whole: `code` is AWS's, `retryable` says whether a later call may succeed.

    `divisible` says that one record may be the reason: the others may pass in calls without it.
    """

    def __init__(self, code: str, detail: str, *, retryable: bool, divisible: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.retryable = retryable
        self.divisible = divisible


class Unauthorized(BadRequest):
    """A request without credentials, or with wrong ones: `code` is AWS's own at the endpoints that speak AWS."""

    status = 401


class Forbidden(BadRequest):
    """A request whose key is good, but not for this."""

    status = 403


class TooManyRequests(BadRequest):
    """A request over its key's quota: `retry_after` in whole seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__("TooManyRequests", f"this key's quota is used up; come back in {retry_after} s")
        self.retry_after = retry_after


class KeysUnavailable(DistributaryError):
    """A key that cannot be checked: `cause` is AWS's code, for the log alone; `retry_after` in whole seconds."""

    status = 503
    code = "KeysUnavailable"
    detail = "keys cannot be checked at the moment; send this again"

    def __init__(self, cause: str, retry_after: int) -> None:
        super().__init__(f"{self.code}: {cause}")
        self.cause = cause
        self.retry_after = retry_after


class Unreadable(DistributaryError):
    """A message or an object of ours that cannot be read."""
