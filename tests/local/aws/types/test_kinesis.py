def stream(**more):
    """A stream."""
    return {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": more}}


OUTPUTS = {"Name": {"Ref": "Stream"}, "Arn": {"Fn::GetAtt": ["Stream", "Arn"]}}


def summary(aws, name):
    """DescribeStreamSummary."""
    return aws.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def test_every_property_of_a_stream_has_its_effect(aws, stack):
    """Shards, retention, encryption, the largest record."""
    outputs = stack.deploy(
        stream(
            ShardCount="2",
            RetentionPeriodHours=168,
            StreamEncryption={"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
            MaxRecordSizeInKiB=10240,
            StreamModeDetails={"StreamMode": "PROVISIONED"},
            Tags=[{"Key": "a", "Value": "b"}],
        ),
        OUTPUTS,
    )
    found = summary(aws, outputs["Name"])

    assert found["StreamARN"] == outputs["Arn"]
    assert (found["OpenShardCount"], found["RetentionPeriodHours"]) == (2, 168)
    assert (found["EncryptionType"], found["MaxRecordSizeInKiB"]) == ("KMS", 10240)


def test_a_stream_without_properties_is_what_cloudformation_makes_of_it(aws, stack):
    """One shard, 24 hours, 1 MiB."""
    found = summary(aws, stack.deploy(stream(), OUTPUTS)["Name"])

    assert (found["OpenShardCount"], found["RetentionPeriodHours"], found["MaxRecordSizeInKiB"]) == (1, 24, 1024)


def test_an_on_demand_stream_is_one(aws, stack):
    """As the template says."""
    outputs = stack.deploy(stream(StreamModeDetails={"StreamMode": "ON_DEMAND"}), OUTPUTS)

    assert summary(aws, outputs["Name"])["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"


def test_a_stream_changes_in_place(aws, stack):
    """Shards, retention up and down, the largest record; its records stay. The stack's end deletes it."""
    outputs = stack.deploy(stream(RetentionPeriodHours=48), OUTPUTS)
    kinesis = aws.client("kinesis")
    kinesis.put_record(StreamName=outputs["Name"], Data=b"kept", PartitionKey="k")
    again = stack.deploy(stream(RetentionPeriodHours=24, ShardCount=2, MaxRecordSizeInKiB=2048), OUTPUTS)
    found = summary(aws, outputs["Name"])

    assert again == outputs
    assert (found["RetentionPeriodHours"], found["OpenShardCount"], found["MaxRecordSizeInKiB"]) == (24, 2, 2048)
    stack.delete()
    assert outputs["Name"] not in kinesis.list_streams(Limit=1000)["StreamNames"]


def test_encryption_is_started_and_stopped_in_place(aws, stack):
    """The stream stays."""
    key, found = {"EncryptionType": "KMS", "KeyId": "alias/own"}, []
    for encryption in ({}, {"StreamEncryption": key}, {}):
        outputs = stack.deploy(stream(**encryption), OUTPUTS)
        found.append((outputs["Name"], summary(aws, outputs["Name"])["EncryptionType"]))

    assert found == [(outputs["Name"], kind) for kind in ("NONE", "KMS", "NONE")]
