"""Amazon CloudWatch: alarms and dashboards."""

from local.aws.resource_type import Properties, ResourceType


def alarm_to_delete(state: Properties) -> Properties:
    """DeleteAlarms takes a list."""
    return {"AlarmNames": [state["AlarmName"]]}


def dashboard_to_delete(state: Properties) -> Properties:
    """DeleteDashboards takes a list."""
    return {"DashboardNames": [state["DashboardName"]]}


TYPES = (
    ResourceType(
        name="AWS::CloudWatch::Alarm",
        service="cloudwatch",
        create="PutMetricAlarm",
        update=("PutMetricAlarm",),
        delete="DeleteAlarms",
        ref="{AlarmName}",
        attributes={"Arn": "arn:aws:cloudwatch:{Region}:{AccountId}:alarm:{AlarmName}"},
        named_by="AlarmName",
        name_length=255,
        deletion=alarm_to_delete,
    ),
    ResourceType(
        name="AWS::CloudWatch::CompositeAlarm",
        service="cloudwatch",
        create="PutCompositeAlarm",
        update=("PutCompositeAlarm",),
        delete="DeleteAlarms",
        ref="{AlarmName}",
        attributes={"Arn": "arn:aws:cloudwatch:{Region}:{AccountId}:alarm:{AlarmName}"},
        named_by="AlarmName",
        name_length=255,
        deletion=alarm_to_delete,
    ),
    ResourceType(
        name="AWS::CloudWatch::Dashboard",
        service="cloudwatch",
        create="PutDashboard",
        update=("PutDashboard",),
        delete="DeleteDashboards",
        ref="{DashboardName}",
        named_by="DashboardName",
        name_length=255,
        deletion=dashboard_to_delete,
    ),
)
