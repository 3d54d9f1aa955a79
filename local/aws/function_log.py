"""The logs of functions: Lambda writes them in the name of each function's role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.aws import cloud_watch
from local.deployment import ACCOUNT, REGION
from local.iam.denial import Denied

if TYPE_CHECKING:
    from local.functions import FunctionSpec
    from local.iam.access import Services


class FunctionLogs:
    """Keeps lines as the functions' roles allow by `access`; what they do not allow is lost, as at AWS."""

    def __init__(self, access: Services) -> None:
        self._access = access
        self._begun: set[str] = set()

    def keep(self, spec: FunctionSpec, stream: str, line: str) -> None:
        """Keeps a line of the function's log stream, which is made with its first."""
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{spec.log_group}:log-stream:{stream}"
        try:
            if arn not in self._begun:
                self._access.check_role(spec.role, spec.name, "logs:CreateLogStream", arn)
            self._access.check_role(spec.role, spec.name, "logs:PutLogEvents", arn)
        except Denied:
            return
        self._begun.add(arn)
        cloud_watch.keep(spec.log_group, stream, line)
