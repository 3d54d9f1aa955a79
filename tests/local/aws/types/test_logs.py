def group(**more):
    """A log group."""
    return {"Type": "AWS::Logs::LogGroup", "Properties": more}


def test_a_group_with_its_stream_and_filter(aws, stack):
    """Retention is set, changed and taken away in place; stream and metric filter belong to the group."""
    outputs = {"Name": {"Ref": "Group"}, "Arn": {"Fn::GetAtt": ["Group", "Arn"]}, "Stream": {"Ref": "Stream"}}
    rest = {
        "Stream": {"Type": "AWS::Logs::LogStream", "Properties": {"LogGroupName": {"Ref": "Group"}}},
        "Filter": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": {"Ref": "Group"},
                "FilterPattern": "x",
                "MetricTransformations": [
                    {
                        "MetricName": "m",
                        "MetricNamespace": "n",
                        "MetricValue": "1",
                        "Dimensions": [{"Key": "d", "Value": "$.d"}],
                    }
                ],
            },
        },
    }
    logs, days = aws.client("logs"), []
    for retention in ({"RetentionInDays": 7}, {"RetentionInDays": "30"}, {}):
        made = stack.deploy({"Group": group(**retention), **rest}, outputs)
        [found] = logs.describe_log_groups(logGroupNamePrefix=made["Name"])["logGroups"]
        days.append(found.get("retentionInDays"))
    streams = logs.describe_log_streams(logGroupName=made["Name"])["logStreams"]
    [one] = logs.describe_metric_filters(logGroupName=made["Name"])["metricFilters"]

    assert days == [7, 30, None]
    assert made["Arn"] == f"arn:aws:logs:us-east-1:123456789012:log-group:{made['Name']}:*"
    assert [stream["logStreamName"] for stream in streams] == [made["Stream"]]
    assert one["metricTransformations"][0]["dimensions"] == {"d": "$.d"}
    stack.delete()
    assert logs.describe_log_groups(logGroupNamePrefix=made["Name"])["logGroups"] == []


def test_a_groups_key_is_given_and_taken_away_in_place(aws, stack):
    """As AWS does it: the group keeps what was logged."""
    logs, keys = aws.client("logs"), []
    for key in ({}, {"KmsKeyId": "arn:own"}, {"KmsKeyId": "arn:other"}, {}):
        made = stack.deploy({"Group": group(**key)}, {"Name": {"Ref": "Group"}})
        [found] = logs.describe_log_groups(logGroupNamePrefix=made["Name"])["logGroups"]
        keys.append((made["Name"], found.get("kmsKeyId")))

    assert keys == [(made["Name"], key) for key in (None, "arn:own", "arn:other", None)]
