"""The alarms of a stage: one for each `Watch` that its parts yield, described in docs/how-to/runbook.md."""

from collections.abc import Iterable

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from distributary_cdk.configuration import Configuration
from distributary_cdk.part import Part, Watch


class Alarms(Construct):
    """The alarms of these parts; `made` lists them. A stage may have its alarms switched off."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration, parts: Iterable[Part]) -> None:
        super().__init__(scope, name)
        self._above = f"{scope.node.path}/"
        self.made: list[cloudwatch.Alarm] = []
        if not configuration.alarms.on:
            return
        action = self._action(configuration)
        self.made = [self._alarm(watch, action) for part in parts for watch in part.alarms()]

    def _action(self, configuration: Configuration) -> cloudwatch.IAlarmAction | None:
        if configuration.alarm_topic:
            return actions.SnsAction(configuration.alarm_topic)
        topic = configuration.alarms.topic
        return actions.SnsAction(sns.Topic.from_topic_arn(self, "Topic", topic)) if topic else None

    def _alarm(self, watch: Watch, action: cloudwatch.IAlarmAction | None) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            self._name(watch),
            alarm_description=f"docs/how-to/runbook.md#{watch.kind}",
            metric=watch.metric,
            threshold=watch.threshold,
            evaluation_periods=watch.periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if action:
            alarm.add_alarm_action(action)
            alarm.add_ok_action(action)
        return alarm

    def _name(self, watch: Watch) -> str:
        """The path of the watched resource below the alarms' own scope and the alarm's kind, or the name given."""
        if isinstance(watch.of, str):
            return watch.of
        path = watch.of.node.path.removeprefix(self._above)
        return f"{path.replace('/', '')}{watch.kind.title().replace('-', '')}"
