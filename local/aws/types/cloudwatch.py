"""Amazon CloudWatch: alarms and dashboards."""

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties


def alarm_to_delete(state: Properties) -> Properties:
    """DeleteAlarms takes a list."""
    return {"AlarmNames": [state["AlarmName"]]}


def dashboard_to_delete(state: Properties) -> Properties:
    """DeleteDashboards takes a list."""
    return {"DashboardNames": [state["DashboardName"]]}


def alarm(kind: str, operation: str) -> ResourceType:
    """An alarm of the kind, made and changed by the same call."""
    return ResourceType(
        name=f"AWS::CloudWatch::{kind}",
        service="cloudwatch",
        create=operation,
        update=(operation,),
        delete="DeleteAlarms",
        ref="{AlarmName}",
        attributes={"Arn": "arn:aws:cloudwatch:{Region}:{AccountId}:alarm:{AlarmName}"},
        named_by="AlarmName",
        name_length=255,
        deletion=alarm_to_delete,
    )


TYPES = (
    alarm("Alarm", "PutMetricAlarm"),
    alarm("CompositeAlarm", "PutCompositeAlarm"),
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
