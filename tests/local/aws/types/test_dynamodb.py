def table(replica=None, **more):
    """A table as the CDK's TableV2 writes it."""
    properties = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "Replicas": [{"Region": "us-east-1", **(replica or {})}],
        "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
    }
    return {"Table": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties | more}}


OUTPUTS = {"Name": {"Ref": "Table"}, "Arn": {"Fn::GetAtt": ["Table", "Arn"]}}


def test_a_global_table_of_one_region_is_a_table(aws, stack):
    """With its time to live; protected from deletion where the replica says so."""
    outputs = stack.deploy(
        table(
            {
                "DeletionProtectionEnabled": False,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            }
        ),
        OUTPUTS,
    )
    client, given = aws.client("dynamodb"), {"TableName": outputs["Name"]}
    client.put_item(**given, Item={"pk": {"S": "a"}})

    assert client.describe_table(**given)["Table"]["TableArn"] == outputs["Arn"]
    assert client.describe_time_to_live(**given)["TimeToLiveDescription"]["AttributeName"] == "until"
    recovery = client.describe_continuous_backups(**given)["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_change_keeps_the_items(aws, stack):
    """What can change in place does; the stack's end deletes the table."""
    outputs = stack.deploy(table(), OUTPUTS)
    client, given = aws.client("dynamodb"), {"TableName": outputs["Name"]}
    client.put_item(**given, Item={"pk": {"S": "a"}})
    again = stack.deploy(table(TimeToLiveSpecification={"Enabled": False, "AttributeName": "until"}), OUTPUTS)

    assert again == outputs
    assert client.scan(**given)["Count"] == 1
    assert client.describe_time_to_live(**given)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
    stack.delete()
    assert outputs["Name"] not in client.list_tables()["TableNames"]


def test_a_table_is_encrypted_with_the_key_that_its_replica_names(aws, stack):
    """The template's own words for it become those of CreateTable."""
    outputs = stack.deploy(
        table(
            {"SSESpecification": {"KMSMasterKeyId": "alias/own"}},
            SSESpecification={"SSEEnabled": True, "SSEType": "KMS"},
        ),
        OUTPUTS,
    )
    described = aws.client("dynamodb").describe_table(TableName=outputs["Name"])["Table"]["SSEDescription"]

    assert (described["Status"], described["SSEType"]) == ("ENABLED", "KMS")
    assert "alias/own" in described["KMSMasterKeyArn"]


def test_encryption_and_protection_change_in_place(aws, stack):
    """Both ways, as AWS changes them: the table keeps its items."""
    own = {"SSESpecification": {"KMSMasterKeyId": "alias/own"}, "DeletionProtectionEnabled": True}
    outputs = stack.deploy(table(), OUTPUTS)
    client, given = aws.client("dynamodb"), {"TableName": outputs["Name"]}
    client.put_item(**given, Item={"pk": {"S": "a"}})
    same = stack.deploy(table(own, SSESpecification={"SSEEnabled": True, "SSEType": "KMS"}), OUTPUTS)
    changed = client.describe_table(**given)["Table"]
    stack.deploy(table(), OUTPUTS)
    back = client.describe_table(**given)["Table"]

    assert (stack.status, same) == ("UPDATE_COMPLETE", outputs)
    assert (changed["SSEDescription"]["KMSMasterKeyArn"], changed["DeletionProtectionEnabled"]) == ("alias/own", True)
    assert ("SSEDescription" in back, back["DeletionProtectionEnabled"]) == (False, False)
    assert client.scan(**given)["Count"] == 1
