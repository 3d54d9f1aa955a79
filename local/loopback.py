"""Requests to this machine itself, which no proxy may take."""

import os

NAMES = ("localhost", "127.0.0.1", "::1")


def reach_directly() -> None:
    """Adds this machine's names to NO_PROXY and no_proxy, for this process and all that it starts.

    A company's HTTP_PROXY is meant for the registries: it cannot reach the embedded AWS of this machine.
    """
    for variable in ("NO_PROXY", "no_proxy"):
        listed = [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]
        if listed != ["*"]:
            os.environ[variable] = ",".join(dict.fromkeys([*listed, *NAMES]))
