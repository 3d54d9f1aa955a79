"""A queue as every queue of the stack is: encrypted, over TLS only, and with SQS's longest retention."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.encryption import of_queue
from distributary_cdk.retention import removal

_RECEIVES = 1000
"""So that a message is set aside by its age or its content, and by count only where it ends its function each time."""


def make_queue(
    scope: Construct,
    name: str,
    configuration: Configuration,
    *,
    set_aside: sqs.IQueue | None = None,
    receives: int = _RECEIVES,
    **more: Any,
) -> sqs.Queue:
    """The queue; what was received `receives` times goes to `set_aside`, where there is one."""
    return sqs.Queue(
        scope,
        name,
        **of_queue(scope, configuration),
        enforce_ssl=True,
        retention_period=cdk.Duration.days(14),
        dead_letter_queue=sqs.DeadLetterQueue(queue=set_aside, max_receive_count=receives) if set_aside else None,
        removal_policy=removal(configuration),
        **more,
    )
