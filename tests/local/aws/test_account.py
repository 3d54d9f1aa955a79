import pytest

from local.iam.operations import Needed

ALLOW = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}
TRUST = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
}
PLAIN = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}
ANYONE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}


def resource(kind, **properties):
    """A resource."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def document(*statements):
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": [*statements]}


@pytest.fixture
def resources():
    """A role with two policies, and what a key of the customer's encrypts."""
    key = {"Fn::GetAtt": ["Key", "Arn"]}
    encrypted = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    return {
        "Role": resource(
            "IAM::Role",
            AssumeRolePolicyDocument=TRUST,
            Policies=[{"PolicyName": "inline", "PolicyDocument": document(ALLOW)}],
        ),
        "Policy": resource(
            "IAM::Policy", PolicyName="own", PolicyDocument=document(ALLOW, ALLOW), Roles=[{"Ref": "Role"}]
        ),
        "Key": resource("KMS::Key", KeyPolicy=document(ANYONE)),
        "Queue": resource("SQS::Queue", KmsMasterKeyId=key),
        "QueuePolicy": resource("SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=document(PLAIN)),
        "Bucket": resource(
            "S3::Bucket",
            BucketEncryption={"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": encrypted}]},
        ),
        "BucketPolicy": resource("S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=document(PLAIN)),
        "Stream": resource("Kinesis::Stream", ShardCount=1, StreamEncryption={"EncryptionType": "KMS", "KeyId": key}),
        "Secret": resource("SecretsManager::Secret", SecretString="{}", KmsKeyId=key),
        "Table": resource(
            "DynamoDB::GlobalTable",
            AttributeDefinitions=[attribute],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"SSEEnabled": True, "SSEType": "KMS"},
            Replicas=[{"Region": "us-east-1", "SSESpecification": {"KMSMasterKeyId": key}}],
        ),
        "Plain": resource("SQS::Queue", SqsManagedSseEnabled=True),
    }


def arns(*names):
    """Outputs with the ARNs of resources."""
    return {name: {"Fn::GetAtt": [name, "Arn"]} for name in names}


def test_the_policies_of_a_role_are_the_deployed_ones(aws, stack, resources) -> None:
    """Inline and own, with resources by their ARNs, and whom it trusts; after an update as in the new template."""
    outputs = arns("Role", "Queue")
    made = stack.deploy(resources, outputs)
    found = aws.inside(f"account.statements({made['Role']!r})")
    trusted = aws.inside(f"account.trust({made['Role']!r})")
    role = resources["Role"]["Properties"]
    role["Policies"][0]["PolicyDocument"] = document(ALLOW, ALLOW, ALLOW)
    role["AssumeRolePolicyDocument"] = document(
        {**TRUST["Statement"][0], "Principal": {"Service": "iot.amazonaws.com"}}
    )
    resources["Policy"]["Properties"]["PolicyDocument"] = document(ALLOW)
    stack.deploy(resources, outputs)
    changed = aws.inside(f"account.statements({made['Role']!r})")
    trusted += aws.inside(f"account.trust({made['Role']!r})")
    stack.delete()

    assert sorted((one.policy, one.number) for one in found) == [("inline", 0), ("own", 0), ("own", 1)]
    assert {one.resources for one in found} == {(made["Queue"],)}
    assert sorted((one.policy, one.number) for one in changed) == [*[("inline", n) for n in range(3)], ("own", 0)]
    assert [one.principals for one in trusted] == [
        (("Service", "lambda.amazonaws.com"),),
        (("Service", "iot.amazonaws.com"),),
    ]


def test_a_role_that_does_not_exist_has_no_policies(aws) -> None:
    """So that it allows nothing."""
    assert aws.inside("account.statements('arn:aws:iam::123456789012:role/none')") == ()
    assert aws.inside("account.trust('arn:aws:iam::123456789012:role/none')") == ()


def test_what_a_customers_key_encrypts_needs_it(aws, stack, resources) -> None:
    """By way of the service alone; what AWS's own key encrypts needs none."""
    named = [("Queue", "sqs:SendMessage"), ("Bucket", "s3:GetObject"), ("Stream", "kinesis:PutRecords")]
    named += [("Table", "dynamodb:PutItem"), ("Plain", "sqs:SendMessage"), ("Queue", "sqs:DeleteMessage")]
    outputs = {**arns("Key", "Queue", "Bucket", "Stream", "Table", "Plain"), "Secret": {"Ref": "Secret"}}
    made = stack.deploy(resources, outputs)
    uses = {}
    for name, action in [*named, ("Secret", "secretsmanager:GetSecretValue")]:
        arn = f"{made[name]}/key" if name == "Bucket" else made[name]
        uses[name, action] = aws.inside(f"[*account.encrypting(account_needed({action!r}, {arn!r}))]")
    policy = aws.inside(f"account.resource_policy({made['Key']!r})")
    stack.delete()

    def used(service, *actions):
        via = {"kms:viaservice": (f"{service}.us-east-1.amazonaws.com",)}
        return [Needed(f"kms:{action}", made["Key"], via) for action in actions]

    assert uses == {
        ("Queue", "sqs:SendMessage"): used("sqs", "GenerateDataKey", "Decrypt"),
        ("Bucket", "s3:GetObject"): used("s3", "Decrypt"),
        ("Stream", "kinesis:PutRecords"): used("kinesis", "GenerateDataKey"),
        ("Table", "dynamodb:PutItem"): used("dynamodb", "Decrypt"),
        ("Secret", "secretsmanager:GetSecretValue"): used("secretsmanager", "Decrypt"),
        ("Plain", "sqs:SendMessage"): [],
        ("Queue", "sqs:DeleteMessage"): [],
    }
    assert [one.actions for one in policy] == [("kms:*",)]


def test_resources_have_policies_of_their_own(aws, stack, resources) -> None:
    """A queue, and a bucket for all of its objects."""
    made = stack.deploy(resources, arns("Queue", "Bucket", "Plain"))
    found = {
        name: aws.inside(f"account.resource_policy({arn!r})")
        for name, arn in {**made, "Object": f"{made['Bucket']}/a/b"}.items()
    }
    stack.delete()

    assert {name: [one.allow for one in statements] for name, statements in found.items()} == {
        "Queue": [False],
        "Bucket": [False],
        "Object": [False],
        "Plain": [],
    }
