"""Lambda on this machine: each deployed function in processes of its own, under the real `awslambdaric`.

One request at a time per execution environment, warm ones first, new ones on demand, each isolated from this project's
own packages.
"""

from local.functions.folders import RuntimeNotInstalled
from local.functions.interpreter import LAMBDA, BadInterpreter, Interpreter, find_interpreter
from local.functions.pool import Functions
from local.functions.values import FunctionSpec, Invocation, RequestTooLarge, TooManyRequests

__all__ = [
    "LAMBDA",
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
