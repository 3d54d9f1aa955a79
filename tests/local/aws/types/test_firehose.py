def hose(role, seconds=1, **more):
    """A delivery stream with its bucket."""
    destination = {
        "BucketARN": {"Fn::GetAtt": ["Lake", "Arn"]},
        "RoleARN": role,
        "BufferingHints": {"IntervalInSeconds": seconds, "SizeInMBs": "1"},
        "CompressionFormat": "GZIP",
        "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"},
    }
    properties = {"DeliveryStreamType": "DirectPut", "ExtendedS3DestinationConfiguration": destination | more}
    return {
        "Lake": {"Type": "AWS::S3::Bucket"},
        "Hose": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": properties},
    }


OUTPUTS = {"Name": {"Ref": "Hose"}, "Arn": {"Fn::GetAtt": ["Hose", "Arn"]}}


def hints(aws, name):
    """What the stream says of its buffering."""
    description = aws.client("firehose").describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    destination = description["Destinations"][0]["ExtendedS3DestinationDescription"]
    return description["VersionId"], destination["BufferingHints"]["IntervalInSeconds"], destination.get("Prefix")


def test_a_stream_is_created_and_its_destination_changes(aws, stack, role):
    """Each change of the destination is a version, in place."""
    outputs = stack.deploy(hose(role), OUTPUTS)
    found = [hints(aws, outputs["Name"])]
    for seconds, prefix in ((2, "a/"), (3, "b/")):
        assert stack.deploy(hose(role, seconds, Prefix=prefix), OUTPUTS) == outputs
        found.append(hints(aws, outputs["Name"]))

    assert found == [("1", 1, None), ("2", 2, "a/"), ("3", 3, "b/")]
    assert outputs["Arn"].endswith(f":deliverystream/{outputs['Name']}")
    stack.delete()
    assert outputs["Name"] not in aws.client("firehose").list_delivery_streams()["DeliveryStreamNames"]


def test_encryption_is_started_and_stopped_in_place(aws, stack, role):
    """Under AWS's key, a key of one's own, and none."""
    inputs = (
        {"KeyType": "AWS_OWNED_CMK"},
        {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": "arn:aws:kms:us-east-1:123456789012:key/own"},
        None,
    )
    names, found = set(), []
    for wanted in inputs:
        resources = hose(role)
        if wanted:
            resources["Hose"]["Properties"]["DeliveryStreamEncryptionConfigurationInput"] = wanted
        names.add(name := stack.deploy(resources, OUTPUTS)["Name"])
        described = aws.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
        configuration = described["DeliveryStreamDescription"]["DeliveryStreamEncryptionConfiguration"]
        found.append((configuration["Status"], configuration["KeyType"]))

    assert len(names) == 1
    assert found == [
        ("ENABLED", "AWS_OWNED_CMK"),
        ("ENABLED", "CUSTOMER_MANAGED_CMK"),
        ("DISABLED", "CUSTOMER_MANAGED_CMK"),
    ]
