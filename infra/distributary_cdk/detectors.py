"""What runs detector models: their table, the queues of actions and wake-ups, the functions between them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from distributary.settings import Settings
from distributary_cdk.action_grants import arn_of, grants_for
from distributary_cdk.configuration import Configuration
from distributary_cdk.detector_models import read_models
from distributary_cdk.encryption import encrypted
from distributary_cdk.function import Function
from distributary_cdk.iot_events import IotEvents
from distributary_cdk.keys import Keys
from distributary_cdk.permission import allow, statements
from distributary_cdk.queue import make_queue
from distributary_cdk.retention import protected_removal

_CONSUME = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# Batches of ten wake-ups at once, or fewer where all of the detectors' functions get fewer: each only becomes a
# message, so this is some thousand a second.
_WAKING = 10
_SCHEDULER = "scheduler.amazonaws.com"
# Seconds. A queue's visibility timeout is six times its function's timeout, as Lambda's guide advises.
_TIMEOUTS = {"run_detectors": 20, "carry_out": 60, "wake_detectors": 20, "publish_models": 60, "serve_detectors": 29}
_NAMES = {
    "RunDetectors": "run_detectors",
    "CarryOut": "carry_out",
    "WakeDetectors": "wake_detectors",
    "PublishModels": "publish_models",
    "ServeDetectors": "serve_detectors",
}


class Detectors(Construct):
    """The detectors of one stage; nothing where another service runs them. `functions` by folder; `outputs` by name."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        configuration: Configuration,
        feed: IotEvents,
        keys: Keys,
        settings: Settings,
    ) -> None:
        super().__init__(scope, name)
        self._configuration = configuration
        self._keys = keys
        self._removal = protected_removal(configuration)
        self.functions: dict[str, Function] = {}
        self.outputs: dict[str, str] = {}
        if feed.queue and feed.dead_letters:
            self._messages, self._dead_messages = feed.queue, feed.dead_letters
            self._run(settings)

    def _run(self, settings: Settings) -> None:
        """Adds what keeps detectors, the functions, what sets them off, and what each may do."""
        self.models = read_models(self._configuration)
        for number, warning in enumerate(self.models.warnings):
            cdk.Annotations.of(self).add_warning_v2(f"distributary:{number}", warning)
        self.table = self._table()
        self._dead_actions = make_queue(self, "DeadActions", self._configuration)
        self._dead_wakes = make_queue(self, "DeadWakes", self._configuration)
        self.actions = self._queue("Actions", self._dead_actions, visibility=360, receives=20)
        self.wakes = self._queue("Wakes", self._dead_wakes, visibility=120, receives=1000)
        self.late_wakes = make_queue(self, "LateWakes", self._configuration)
        self.group = scheduler.CfnScheduleGroup(self, "Schedules")
        self.schedule_role = self._schedule_role()
        self._add_functions(replace(settings, **self._names(settings)))
        self._run_detectors(self.functions["run_detectors"])
        self._carry_out(self.functions["carry_out"])
        self._wake(self.functions["wake_detectors"])
        self._serve(self.functions["serve_detectors"])
        self._publish(self.functions)
        self.outputs = {
            "DetectorTableName": self.table.table_name,
            "ActionQueueUrl": self.actions.queue_url,
            "DeadMessageQueueUrl": self._dead_messages.queue_url,
            "DeadActionQueueUrl": self._dead_actions.queue_url,
            "DeadWakeQueueUrl": self._dead_wakes.queue_url,
            "LateWakeQueueUrl": self.late_wakes.queue_url,
        }

    def _names(self, settings: Settings) -> dict[str, Any]:
        """What these functions must know, as settings; without what others need: an environment takes 4 KB."""
        others = [name for name in vars(settings) if name.endswith(("_spill_url", "_set_aside_url"))]
        return {
            **dict.fromkeys(others, ""),
            "message_queue_arn": self._messages.queue_arn,
            "dead_message_queue_url": self._dead_messages.queue_url,
            "detector_table_name": self.table.table_name,
            "action_queue_url": self.actions.queue_url,
            "wake_queue_url": self.wakes.queue_url,
            "schedule_group_name": self.group.ref,
            "schedule_role_arn": self.schedule_role.role_arn,
            "wake_dead_letter_arn": self.late_wakes.queue_arn,
        }

    def _add_functions(self, settings: Settings) -> None:
        for name, folder in _NAMES.items():
            self.functions[folder] = Function(
                self,
                name,
                folder=folder,
                configuration=self._configuration,
                settings=settings,
                seconds=_TIMEOUTS[folder],
            )

    def _serve(self, function: Function) -> None:
        """Let it describe, list, change and delete detectors, for whoever has a key."""
        self._keys.grant_read(function)
        allow(function, self.table.table_arn, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query")
        self._let_arm(function)

    def _run_detectors(self, function: Function) -> None:
        self._consume(function, self._messages, self._configuration.detectors.concurrency)
        allow(function, self._messages.queue_arn, "sqs:ChangeMessageVisibility")
        allow(function, self.table.table_arn, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        allow(function, self.actions.queue_arn, "sqs:SendMessage")
        allow(function, self._dead_messages.queue_arn, "sqs:SendMessage")
        self._let_arm(function)

    def _let_arm(self, grantee: iam.IGrantable) -> None:
        """Let it put wake-ups where they wait: in the group, the delay queue, or a schedule."""
        allow(grantee, self._messages.queue_arn, "sqs:SendMessage")
        allow(grantee, self.wakes.queue_arn, "sqs:SendMessage")
        schedules = cdk.Stack.of(self).format_arn(
            service="scheduler", resource="schedule", resource_name=self.group.ref
        )
        allow(grantee, f"{schedules}/*", "scheduler:CreateSchedule")
        role = iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[self.schedule_role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": _SCHEDULER}},
        )
        grantee.grant_principal.add_to_principal_policy(role)

    def _carry_out(self, function: Function) -> None:
        self._consume(function, self.actions, self._configuration.detectors.concurrency)
        allow(function, self.actions.queue_arn, "sqs:ChangeMessageVisibility")
        allow(function, self._messages.queue_arn, "sqs:SendMessage")
        stack = cdk.Stack.of(self)
        environment = {"partition": stack.partition, "region": stack.region, "account": stack.account}
        given, models = tuple(self._configuration.detectors.grants), self.models
        for grant in grants_for(models.definitions, given, models.files):
            # The owner's own: what encrypts it is theirs to allow.
            target = iam.PolicyStatement(actions=[grant.action], resources=[arn_of(grant, environment)])
            function.add_to_role_policy(target)

    def _wake(self, function: Function) -> None:
        self._consume(function, self.wakes, min(_WAKING, self._configuration.detectors.concurrency))
        allow(function, self._messages.queue_arn, "sqs:SendMessage")

    def _publish(self, functions: Mapping[str, Function]) -> None:
        """Raises versions after every function has its new code, and only where a definition is another."""
        publish = functions["publish_models"]
        allow(publish, self.table.table_arn, "dynamodb:BatchGetItem", "dynamodb:PutItem")
        hashes = {definition.name: definition.sha256() for definition in self.models.definitions}
        published = cdk.CustomResource(
            self,
            "Published",
            service_token=publish.function_arn,
            resource_type="Custom::DetectorModels",
            properties={"Models": hashes},
            service_timeout=cdk.Duration.seconds(120),
        )
        for function in functions.values():
            published.node.add_dependency(function)

    def _consume(self, function: Function, queue: sqs.IQueue, concurrency: int) -> None:
        """At most so many batches at once: what waits must not take the environments that requests need."""
        allow(function, queue.queue_arn, *_CONSUME)
        mapping = lambda_.EventSourceMapping(
            self,
            f"{queue.node.id}Source",
            target=function,
            event_source_arn=queue.queue_arn,
            batch_size=10,
            report_batch_item_failures=True,
            max_concurrency=concurrency,
        )
        mapping.node.add_dependency(function.role or function)

    def _table(self) -> dynamodb.TableV2:
        text = dynamodb.AttributeType.STRING
        table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=text),
            sort_key=dynamodb.Attribute(name="sk", type=text),
            time_to_live_attribute="expires",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=self._configuration.retain
            ),
            deletion_protection=self._configuration.retain,
            removal_policy=self._removal,
        )
        return encrypted(table, self._configuration)

    def _queue(self, name: str, set_aside: sqs.IQueue, visibility: int, receives: int) -> sqs.Queue:
        return make_queue(
            self,
            name,
            self._configuration,
            set_aside=set_aside,
            receives=receives,
            visibility_timeout=cdk.Duration.seconds(visibility),
        )

    def _schedule_role(self) -> iam.Role:
        """For schedules of this stage's group: EventBridge Scheduler's own advice against a confused deputy.

        Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        """
        queues = (self._messages, self.late_wakes)
        of_group = {"aws:SourceAccount": cdk.Stack.of(self).account, "aws:SourceArn": self.group.attr_arn}
        sending = [one for queue in queues for one in statements(self, queue.queue_arn, "sqs:SendMessage")]
        return iam.Role(
            self,
            "ScheduleRole",
            assumed_by=iam.ServicePrincipal(_SCHEDULER, conditions={"StringEquals": of_group}),
            inline_policies={"Wake": iam.PolicyDocument(statements=sending)},
        )
