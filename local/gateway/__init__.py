"""The data plane of an HTTP API, or of a function URL, on this machine.

HTTP in, payload format 2.0 to the function, its answer back as HTTP.
"""

from local.gateway.access_log import AccessLog
from local.gateway.authorizer import Authorizer, BadKeys, read_keys
from local.gateway.cors import Cors
from local.gateway.routing import HttpApi, Route
from local.gateway.rules import API_GATEWAY, FUNCTION_URL
from local.gateway.server import Gateway
from local.gateway.throttle import Throttle

__all__ = [
    "API_GATEWAY",
    "FUNCTION_URL",
    "AccessLog",
    "Authorizer",
    "BadKeys",
    "Cors",
    "Gateway",
    "HttpApi",
    "Route",
    "Throttle",
    "read_keys",
]
