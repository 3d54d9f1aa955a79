"""An app whose synthesis fails on a finding of cdk-nag that is not acknowledged."""

import os
from typing import Any

import aws_cdk as cdk


class CheckedApp(cdk.App):
    """An app whose synthesis fails on a finding of cdk-nag's AwsSolutions or Serverless rules.

    Accepted findings are acknowledged where their resources are made (`distributary_cdk.findings`).
    `CDK_VALIDATION=false` leaves the rules out, as it does the CDK's own validation.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if os.environ.get("CDK_VALIDATION") != "false":
            # Loaded where it is used: an app that has the construct in it need not have cdk-nag.
            from cdk_nag import AwsSolutionsChecks, ServerlessChecks  # noqa: PLC0415 - see above

            cdk.Validations.of(self).add_plugins(AwsSolutionsChecks(self), ServerlessChecks(self))
