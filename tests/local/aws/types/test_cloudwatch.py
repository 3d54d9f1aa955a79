import json


def alarm(**more):
    """An alarm."""
    properties = {
        "MetricName": "Errors",
        "Namespace": "AWS/Lambda",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": "1",
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties | more}


def test_alarms_are_created_changed_and_deleted(aws, stack, unique):
    """A generated name, an ARN to refer to, a new threshold in place."""
    name, client = unique("dashboard"), aws.client("cloudwatch")
    body = {"Fn::Join": ["", ['{"widgets": [], "start": "', {"Ref": "Alarm"}, '"}']]}
    resources = {
        "Alarm": alarm(),
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": name, "DashboardBody": body},
        },
    }
    outputs = {"Name": {"Ref": "Alarm"}, "Arn": {"Fn::GetAtt": ["Alarm", "Arn"]}}
    first = stack.deploy(resources, outputs)
    second = stack.deploy(resources | {"Alarm": alarm(Threshold=5)}, outputs)
    [made] = client.describe_alarms(AlarmNames=[first["Name"]])["MetricAlarms"]

    assert first == second
    assert (made["AlarmArn"], made["Threshold"]) == (first["Arn"], 5.0)
    assert json.loads(client.get_dashboard(DashboardName=name)["DashboardBody"])["start"] == first["Name"]
    stack.delete()
    assert client.describe_alarms(AlarmNames=[first["Name"]])["MetricAlarms"] == []
