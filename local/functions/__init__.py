"""Lambda on this machine: each deployed function in processes of its own, under the real `awslambdaric`.

One request at a time per execution environment, warm ones first, new ones on demand up to a few, each isolated from
this project's own packages. Requests beyond wait, as many as Lambda would start further environments for.
"""

from local.functions.folders import RuntimeNotInstalled
from local.functions.interpreter import LAMBDA, BadInterpreter, Interpreter, find_interpreter
from local.functions.pool import CONCURRENCY, Functions
from local.functions.values import REQUEST_BYTES, FunctionSpec, Invocation, RequestTooLarge, TooManyRequests

__all__ = [
    "CONCURRENCY",
    "LAMBDA",
    "REQUEST_BYTES",
    "BadInterpreter",
    "FunctionSpec",
    "Functions",
    "Interpreter",
    "Invocation",
    "RequestTooLarge",
    "RuntimeNotInstalled",
    "TooManyRequests",
    "find_interpreter",
]
