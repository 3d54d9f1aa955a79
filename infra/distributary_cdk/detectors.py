"""What runs detector models: their table, the queues of actions and wake-ups, the functions between them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.metrics import ACTIONS_FAILED, DETECTORS_STEPPED, TIMERS_LATE
from distributary.settings import Settings
from distributary_cdk.action_grants import arn_of, grants_for
from distributary_cdk.configuration import Configuration, part
from distributary_cdk.detector_models import read_models
from distributary_cdk.embedded_metric import embedded_metric
from distributary_cdk.encryption import encrypted
from distributary_cdk.event_source import map_queue
from distributary_cdk.findings import acknowledge, acknowledge_wildcard
from distributary_cdk.function import Function
from distributary_cdk.keys import Keys
from distributary_cdk.model_costs import told
from distributary_cdk.part import Graph, Part, Watch, periods
from distributary_cdk.permission import allow
from distributary_cdk.queue import DeadLetterQueue, Queue
from distributary_cdk.removal_policy import protected_removal
from distributary_cdk.routes import is_cut_off
from distributary_cdk.sinks.iot_events import IotEvents
from distributary_cdk.storage import Storage

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

# Pauses between attempts grow: after ten minutes some are longer than a period.
_FAILING_MINUTES = 10


class Detectors(Part, Construct):
    """The detectors of one stage; nothing where another service runs them. `functions` by folder."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        configuration: Configuration,
        iot_events: IotEvents | None,
        keys: Keys,
        storage: Storage,
        settings: Sequence[Settings],
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, name)
        self._configuration = configuration
        self._keys, self._storage, self._key = keys, storage, key
        self._removal = protected_removal(configuration)
        self._queues: list[Queue] = []
        self.functions: dict[str, Function] = {}
        self.outputs: dict[str, str] = {}
        self._published: cdk.CustomResource | None = None
        if iot_events and iot_events.queue and iot_events.dead_letters:
            self._messages, self._dead_messages = iot_events.queue, iot_events.dead_letters
            self._run(settings)

    def alarms(self) -> Iterator[Watch]:
        """The alarms of each queue and function, and of failing actions, whose dead letters come hours later."""
        parts: list[Part] = [*self._queues, *self.functions.values()]
        for each in parts:
            yield from each.alarms()
        if self.functions:
            limits, stage = self._configuration.alarms, self._configuration.stage
            failed = embedded_metric(ACTIONS_FAILED, "Sum", stage=stage, minutes=limits.period_minutes)
            yield Watch("actions-fail", "ActionsFail", failed, 0, periods(_FAILING_MINUTES, limits))

    def graphs(self) -> Iterator[Graph]:
        """How many detectors took a step, how late their timers were, and the functions' own graphs."""
        if not self.functions:
            return
        stage = self._configuration.stage
        yield Graph("Detectors", "Detectors stepped", [embedded_metric(DETECTORS_STEPPED, "Sum", stage=stage)])
        yield Graph("Detectors", "Actions that failed", [embedded_metric(ACTIONS_FAILED, "Sum", stage=stage)])
        yield Graph("Detectors", "Timers late, in s", [embedded_metric(TIMERS_LATE, "Maximum", stage=stage)])
        for function in self.functions.values():
            yield from function.graphs()

    def publish_before(self, functions: Iterable[Function]) -> None:
        """Let these functions, which send messages to detectors, change only once the models are accepted.

        A deployment that would stop detectors fails then before anybody leaves their messages out.
        """
        if self._published:
            for function in functions:
                changed, published = function.node.default_child, self._published.node.default_child
                cast("cdk.CfnResource", changed).add_resource_dependency(cast("cdk.CfnResource", published))

    def _run(self, settings: Sequence[Settings]) -> None:
        """Adds what keeps detectors, the functions, what sets them off, and what each may do."""
        self.models = read_models(self._configuration)
        for number, warning in enumerate(self.models.warnings):
            cdk.Annotations.of(self).add_warning_v2(f"distributary:{number}", warning)
        cdk.Annotations.of(self).add_info_v2("distributary:model-costs", "\n  ".join(told(self.models.definitions)))
        self.table = self._table()
        self._dead_actions = self._dead_letter_queue("DeadActions")
        self._dead_wakes = self._dead_letter_queue("DeadWakes")
        self.actions = self._queue("Actions", self._dead_actions, visibility=360, receives=20)
        self.wakes = self._queue("Wakes", self._dead_wakes, visibility=120, receives=1000)
        self.late_wakes = self._dead_letter_queue("LateWakes")
        acknowledge(
            self.late_wakes,
            "AwsSolutions-SQS3",
            "This is the dead-letter queue of the schedules, which detectors make while they run.",
        )
        self._queues = [self._dead_actions, self._dead_wakes, self.actions, self.wakes, self.late_wakes]
        self.group = scheduler.CfnScheduleGroup(self, "Schedules")
        self.schedule_role = self._schedule_role()
        self._add_functions([*settings, self._settings()])
        self._run_detectors(self.functions["run_detectors"])
        self._carry_out(self.functions["carry_out"])
        self._wake(self.functions["wake_detectors"])
        if serve := self.functions.get("serve_detectors"):
            self._serve(serve)
        self._publish(self.functions)
        self.outputs = {
            "DetectorTableName": self.table.table_name,
            "ActionQueueUrl": self.actions.queue_url,
            "DeadMessageQueueUrl": self._dead_messages.queue_url,
            "DeadActionQueueUrl": self._dead_actions.queue_url,
            "DeadWakeQueueUrl": self._dead_wakes.queue_url,
            "LateWakeQueueUrl": self.late_wakes.queue_url,
            **{name: value for function in self.functions.values() for name, value in function.outputs.items()},
        }

    def _settings(self) -> DetectorSettings:
        """What the detectors' functions must know."""
        return part(
            DetectorSettings,
            self._configuration.detectors,
            table_name=self.table.table_name,
            message_queue_url=self._messages.queue_url,
            message_queue_arn=self._messages.queue_arn,
            dead_message_queue_url=self._dead_messages.queue_url,
            action_queue_url=self.actions.queue_url,
            wake_queue_url=self.wakes.queue_url,
            schedule_group_name=self.group.ref,
            schedule_role_arn=self.schedule_role.role_arn,
            wake_dead_letter_arn=self.late_wakes.queue_arn,
        )

    def _add_functions(self, settings: Sequence[Settings]) -> None:
        front = self._configuration.http.front
        for name, folder in _NAMES.items():
            if is_cut_off(folder, front):
                continue
            self.functions[folder] = Function(
                self,
                name,
                folder=folder,
                configuration=self._configuration,
                settings=settings,
                seconds=_TIMEOUTS[folder],
                key=self._key,
                graphed=folder == "run_detectors",
            )

    def _serve(self, function: Function) -> None:
        """Let it describe, list, change and delete detectors, for whoever has a key."""
        self._keys.grant_read(function)
        self._allow_table(function, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query")
        self._let_arm(function)

    def _run_detectors(self, function: Function) -> None:
        self._consume(function, self._messages, self._configuration.detectors.concurrency)
        self._messages.allow(function, "sqs:ChangeMessageVisibility")
        self._allow_table(function, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        self.actions.allow(function, "sqs:SendMessage")
        self._dead_messages.allow(function, "sqs:SendMessage")
        # It keeps actions there that no item holds. That it may list tells it which object has expired.
        self._storage.allow(function, "actions", "s3:PutObject", "s3:GetObject")
        self._storage.allow_listing(function)
        self._let_arm(function)

    def _let_arm(self, grantee: iam.IGrantable) -> None:
        """Let it put wake-ups where they wait: in the group, the delay queue, or a schedule."""
        self._messages.allow(grantee, "sqs:SendMessage")
        self.wakes.allow(grantee, "sqs:SendMessage")
        schedules = cdk.Stack.of(self).format_arn(
            service="scheduler", resource="schedule", resource_name=self.group.ref
        )
        allow(grantee, f"{schedules}/*", "scheduler:CreateSchedule")
        acknowledge_wildcard(
            grantee, f"{schedules}/*", "Schedules of this stack's own group, one for each armed timer."
        )
        role = iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[self.schedule_role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": _SCHEDULER}},
        )
        grantee.grant_principal.add_to_principal_policy(role)

    def _carry_out(self, function: Function) -> None:
        self._consume(function, self.actions, self._configuration.detectors.concurrency)
        self.actions.allow(function, "sqs:ChangeMessageVisibility")
        self._messages.allow(function, "sqs:SendMessage")
        stack = cdk.Stack.of(self)
        environment = {"partition": stack.partition, "region": stack.region, "account": stack.account}
        given, models = tuple(self._configuration.detectors.grants), self.models
        for grant in grants_for(models.definitions, given, models.files):
            # The owner's own: what encrypts it is theirs to allow.
            arn = arn_of(grant, environment)
            function.add_to_role_policy(iam.PolicyStatement(actions=[grant.action], resources=[arn]))
            if "*" in arn:
                acknowledge_wildcard(function, arn, "As narrow as the model's own text allows.")

    def _wake(self, function: Function) -> None:
        self._consume(function, self.wakes, min(_WAKING, self._configuration.detectors.concurrency))
        self._messages.allow(function, "sqs:SendMessage")

    def _publish(self, functions: Mapping[str, Function]) -> None:
        """Raises versions after every function has its new code, and only where a definition is another."""
        publish = functions["publish_models"]
        self._allow_table(publish, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query")
        hashes = {definition.name: definition.sha256() for definition in self.models.definitions}
        self._published = published = cdk.CustomResource(
            self,
            "Published",
            service_token=publish.function_arn,
            resource_type="Custom::DetectorModels",
            properties={"Models": hashes, "Remove": [*self._configuration.detectors.remove]},
            service_timeout=cdk.Duration.seconds(120),
        )
        for function in functions.values():
            published.node.add_dependency(function)

    def _consume(self, function: Function, queue: Queue, concurrency: int) -> None:
        """At most so many batches at once: what waits must not take the environments that requests need."""
        queue.allow(function, *_CONSUME)
        map_queue(self, f"{queue.node.id}Source", queue=queue, function=function, concurrency=concurrency)

    def _allow_table(self, grantee: iam.IGrantable, *actions: str) -> None:
        allow(grantee, self.table.table_arn, *actions, key=self._key)

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
        return encrypted(table, self._key)

    def _queue(self, name: str, dead_letters: Queue, visibility: int, receives: int) -> Queue:
        return Queue(
            self,
            name,
            configuration=self._configuration,
            key=self._key,
            dead_letters=dead_letters,
            receives=receives,
            visibility_timeout=cdk.Duration.seconds(visibility),
        )

    def _dead_letter_queue(self, name: str) -> DeadLetterQueue:
        return DeadLetterQueue(self, name, configuration=self._configuration, key=self._key)

    def _schedule_role(self) -> iam.Role:
        """For schedules of this stage's group: EventBridge Scheduler's own advice against a confused deputy.

        Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        """
        queues = (self._messages, self.late_wakes)
        of_group = {"aws:SourceAccount": cdk.Stack.of(self).account, "aws:SourceArn": self.group.attr_arn}
        sending = [one for queue in queues for one in queue.statements("sqs:SendMessage")]
        return iam.Role(
            self,
            "ScheduleRole",
            assumed_by=iam.ServicePrincipal(_SCHEDULER, conditions={"StringEquals": of_group}),
            inline_policies={"Wake": iam.PolicyDocument(statements=sending)},
        )
