"""The third leg: the FIFO queue of accepted messages, or the inputs of AWS's own IoT Events."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotevents as iotevents
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.permission import allow
from distributary_cdk.queue import make_queue
from distributary_cdk.table import Table

_RETIRED = "For owners of an account that still has AWS IoT Events, which AWS shut down on 2026-05-20."


class IotEvents(Construct):
    """`queue` with provider `stack`, `inputs` with AWS's own service, neither with another endpoint."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        super().__init__(scope, name)
        self._configuration = configuration
        stack = configuration.iot_events.provider == "stack"
        self.dead_letters = self._queue("DeadMessages") if stack else None
        self.queue = self._queue("Messages", self.dead_letters) if self.dead_letters else None
        declared = configuration.inputs if configuration.iot_events.at_aws else {}
        self.inputs = [self._input(name, table) for name, table in declared.items()]

    @property
    def queue_url(self) -> str:
        """The queue's URL; empty where there is none."""
        return self.queue.queue_url if self.queue else ""

    def grant_write(self, grantee: iam.IGrantable) -> None:
        """Let it hand messages on."""
        if self.queue:
            allow(grantee, self.queue.queue_arn, "sqs:SendMessage")
        for each in self.inputs:
            arn = cdk.Stack.of(self).format_arn(service="iotevents", resource="input", resource_name=each.input_name)
            allow(grantee, arn, "iotevents:BatchPutMessage")

    def grant_look(self, grantee: iam.IGrantable) -> None:
        """Let it see whether the queue is there."""
        if self.queue:
            allow(grantee, self.queue.queue_arn, "sqs:GetQueueAttributes")

    def _queue(self, name: str, set_aside: sqs.Queue | None = None) -> sqs.Queue:
        """Deduplicated and in order within a group."""
        return make_queue(
            self,
            name,
            self._configuration,
            set_aside=set_aside,
            fifo=True,
            fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
            deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP,
            # EventBridge Scheduler sends to no other kind of FIFO queue.
            content_based_deduplication=True,
            # Six times the 20 s of the function that will read it, as Lambda's guide advises.
            visibility_timeout=cdk.Duration.seconds(120),
        )

    def _input(self, name: str, table: Table) -> iotevents.CfnInput:
        paths = [iotevents.CfnInput.AttributeProperty(json_path=path) for path in table["attributes"]]
        definition = iotevents.CfnInput.InputDefinitionProperty(attributes=paths)
        # Producers address an input by its name, so it is given; an input holds no data that could be lost.
        declared = iotevents.CfnInput(self, name, input_name=name, input_definition=definition)
        acknowledgment = cdk.Acknowledgment(id="CloudFormation-Validate::E3710", reason=_RETIRED)
        cdk.Validations.of(declared).acknowledge(acknowledgment)
        return declared
