"""The one stack of a stage: a Distributary and nothing else."""

import aws_cdk as cdk
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.distributary import Distributary
from distributary_cdk.home import DEFAULT


class DistributaryStack(cdk.Stack):
    """One stage, deployed by itself; its resources are named as if they stood in the stack."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        description = "Distributary: one HTTPS endpoint, three AWS streams"
        super().__init__(scope, name, description=description, termination_protection=configuration.retain)
        self.distributary = Distributary(self, DEFAULT, **vars(configuration))
