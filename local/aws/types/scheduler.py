"""Amazon EventBridge Scheduler: groups and schedules."""

from local.aws.resource_type import ResourceType

TYPES = (
    ResourceType(
        name="AWS::Scheduler::ScheduleGroup",
        service="scheduler",
        create="CreateScheduleGroup",
        delete="DeleteScheduleGroup",
        ref="{Name}",
        attributes={"Arn": "{ScheduleGroupArn}"},
        named_by="Name",
    ),
    ResourceType(
        name="AWS::Scheduler::Schedule",
        service="scheduler",
        create="CreateSchedule",
        update=("UpdateSchedule",),
        delete="DeleteSchedule",
        ref="{Name}",
        attributes={"Arn": "{ScheduleArn}"},
        named_by="Name",
    ),
)
