"""Topic rules of IoT Core whose Lambda action sends messages to inputs: the function they call, the queue of errors."""

from collections.abc import Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from distributary.errors import BadDefinition
from distributary.settings import Settings
from distributary_cdk.configuration import Configuration
from distributary_cdk.detector_models import models_of
from distributary_cdk.findings import acknowledge
from distributary_cdk.function import Function
from distributary_cdk.iot_rule import IotRule
from distributary_cdk.part import Part, Watch
from distributary_cdk.queue import DeadLetterQueue
from distributary_cdk.sinks.iot_events import IotEvents

# What Lambda does by itself, written out: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
_RETRIES = 2
_BY_ALIASES = "Topic rules call it asynchronously by aliases, and each of these has a destination on failure."
_MAX_AGE = cdk.Duration.hours(6)


class IotRules(Part, Construct):
    """A topic rule and an alias of the function for each row of `[[iot_rules]]`; nothing where there is none."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        configuration: Configuration,
        settings: Sequence[Settings],
        iot_events: IotEvents | None,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, name)
        self._parts: list[Part] = []
        self.functions: list[Function] = []
        rules = _known(configuration)
        if not rules or not iot_events:
            return
        self._function = Function(
            self,
            "TakeMessages",
            folder="take_messages",
            configuration=configuration,
            settings=settings,
            key=key,
            no_dead_letters=_BY_ALIASES,
        )
        self.functions = [self._function]
        iot_events.grant_write(self._function)
        # What could not be handed to the function, or what it could keep nowhere.
        self._errors = DeadLetterQueue(self, "DeadRules", configuration=configuration, key=key)
        acknowledge(
            self._errors,
            "AwsSolutions-SQS3",
            "This is the queue of what failed: topic rules and the function behind them send to it.",
        )
        self._errors.allow(self._function, "sqs:SendMessage")
        self._parts = [self._function, self._errors]
        self._role = self._error_role()
        for rule in rules:
            self._rule(rule)
        self.outputs = {
            **self._function.outputs,
            "TakeMessagesFunctionArn": self._function.function_arn,
            "RuleErrorQueueUrl": self._errors.queue_url,
        }

    def alarms(self) -> Iterator[Watch]:
        """The alarms of the function and of the queue of errors."""
        for part in self._parts:
            yield from part.alarms()

    def _rule(self, rule: IotRule) -> None:
        """The alias under which a rule calls, who may call it, what becomes of failed calls; and the rule itself."""
        place = Construct(self, rule.name)
        # Only the alias tells which rule calls: a Lambda action sends the SELECT's result and nothing else.
        alias = lambda_.CfnAlias(
            place, "Alias", name=rule.name, function_name=self._function.function_name, function_version="$LATEST"
        )
        failed = lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=self._errors.queue_arn)
        retries = lambda_.CfnEventInvokeConfig(
            place,
            "Retries",
            function_name=self._function.function_name,
            qualifier=rule.name,
            maximum_event_age_in_seconds=_MAX_AGE.to_seconds(),
            maximum_retry_attempts=_RETRIES,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(on_failure=failed),
        )
        retries.add_resource_dependency(alias)
        # Lambda looks whether the function's role may send to the queue.
        retries.node.add_dependency(self._function.role or self._function)
        stack = cdk.Stack.of(self)
        permission = lambda_.CfnPermission(
            place,
            "Permission",
            action="lambda:InvokeFunction",
            function_name=alias.ref,
            principal="iot.amazonaws.com",
            source_account=stack.account,
            source_arn=stack.format_arn(service="iot", resource="rule", resource_name=rule.name),
        )
        if not rule.outside:
            made = self._topic_rule(place, rule, alias)
            made.add_resource_dependency(permission)
            made.add_resource_dependency(retries)

    def _topic_rule(self, place: Construct, rule: IotRule, alias: lambda_.CfnAlias) -> iot.CfnTopicRule:
        sending = iot.CfnTopicRule.SqsActionProperty(
            queue_url=self._errors.queue_url, role_arn=self._role.role_arn, use_base64=False
        )
        calling = iot.CfnTopicRule.LambdaActionProperty(function_arn=alias.ref)
        payload = iot.CfnTopicRule.TopicRulePayloadProperty(
            sql=rule.statement,
            aws_iot_sql_version="2016-03-23",
            description=f"Distributary: messages to the input {rule.input}",
            rule_disabled=False,
            actions=[iot.CfnTopicRule.ActionProperty(lambda_=calling)],
            error_action=iot.CfnTopicRule.ActionProperty(sqs=sending),
        )
        # Devices that publish to $aws/rules/<name> know it by its name, so it is given; a rule holds no data.
        return iot.CfnTopicRule(place, "Rule", rule_name=rule.name, topic_rule_payload=payload)

    def _error_role(self) -> iam.Role:
        sending = self._errors.statements("sqs:SendMessage")
        return iam.Role(
            self,
            "ErrorRole",
            assumed_by=iam.ServicePrincipal(
                "iot.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
            ),
            inline_policies={"Report": iam.PolicyDocument(statements=sending)},
        )


def _known(configuration: Configuration) -> list[IotRule]:
    """The rules. Raises BadDefinition for those whose input does not exist."""
    rules = [*configuration.iot_rules]
    if rules:
        models = models_of(configuration)
        inputs = {*models.inputs, *(name for reader in models.readers for name in reader["inputs"])}
        faults = [
            f"iot_rules[{number}].input = {rule.input!r}: there is no such input; there are {', '.join(sorted(inputs))}"
            for number, rule in enumerate(rules)
            if rule.input not in inputs
        ]
        if faults:
            raise BadDefinition(faults)
    return rules
