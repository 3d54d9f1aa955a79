def test_a_group_of_schedules(aws, stack, role):
    """A group with a generated name, a schedule in it; a new time changes in place."""

    def resources(when):
        schedule = {
            "GroupName": {"Ref": "Group"},
            "ScheduleExpression": when,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": role},
        }
        return {
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup"},
            "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule},
        }

    outputs = {"Group": {"Ref": "Group"}, "Arn": {"Fn::GetAtt": ["Group", "Arn"]}, "Name": {"Ref": "Schedule"}}
    scheduler = aws.client("scheduler")
    for when in ("rate(1 hour)", "rate(2 hours)"):
        made = stack.deploy(resources(when), outputs)
    found = scheduler.get_schedule(GroupName=made["Group"], Name=made["Name"])

    assert found["ScheduleExpression"] == "rate(2 hours)"
    assert made["Arn"] == f"arn:aws:scheduler:us-east-1:123456789012:schedule-group/{made['Group']}"
    stack.delete()
    assert made["Group"] not in [one["Name"] for one in scheduler.list_schedule_groups()["ScheduleGroups"]]
