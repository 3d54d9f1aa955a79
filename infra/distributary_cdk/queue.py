"""The queues of a stage: encrypted, over TLS only, with SQS's longest retention, each with its alarm."""

from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.encryption import of_queue
from distributary_cdk.findings import acknowledge
from distributary_cdk.part import MINUTE, Part, Watch, period
from distributary_cdk.permission import allow, statements
from distributary_cdk.removal_policy import removal

_RECEIVES = 1000
"""High, so that age or content moves a message away, and the count only if its function ends without an answer."""


class Queue(Part, sqs.Queue):
    """A queue whose messages a function takes; after `receives` of them a message goes to `dead_letters`, if given."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        configuration: Configuration,
        key: kms.IKey | None,
        dead_letters: sqs.IQueue | None = None,
        receives: int = _RECEIVES,
        **more: Any,
    ) -> None:
        moved = sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=receives) if dead_letters else None
        super().__init__(
            scope,
            name,
            **of_queue(key),
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
            dead_letter_queue=moved,
            removal_policy=removal(configuration),
            **more,
        )
        self._limits = configuration.alarms

    def allow(self, grantee: iam.IGrantable, *actions: str) -> None:
        """Let the grantee do these actions with the queue."""
        allow(grantee, self.queue_arn, *actions, key=self.encryption_master_key)

    def statements(self, *actions: str) -> list[iam.PolicyStatement]:
        """The statements for these actions with the queue, for a policy of the caller's."""
        return statements(self.queue_arn, *actions, key=self.encryption_master_key)

    def alarms(self) -> Iterator[Watch]:
        """An alarm for messages that wait too long."""
        age = self.metric_approximate_age_of_oldest_message(statistic="Maximum", period=MINUTE)
        yield Watch("queue-age", self, age, self._limits.queue_age_seconds, 3)


class DeadLetterQueue(Queue):
    """A queue that should be empty: its messages were given up by another queue, a schedule or a topic rule."""

    def __init__(
        self, scope: Construct, name: str, *, configuration: Configuration, key: kms.IKey | None, **more: Any
    ) -> None:
        super().__init__(scope, name, configuration=configuration, key=key, **more)
        acknowledge(self, "Serverless-SQSRedrivePolicy", "This is a dead-letter queue: others redrive to it.")

    def alarms(self) -> Iterator[Watch]:
        """An alarm for the first message."""
        visible = self.metric_approximate_number_of_messages_visible(statistic="Maximum", period=period(self._limits))
        yield Watch("set-aside", self, visible, 0)
