import json

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template

from distributary_cdk.keys import Keys


@pytest.mark.parametrize("retain", [True, False])
def test_the_table(stack, configured, properties, retain) -> None:
    """On demand, keyed by id; a stage that retains its data cannot delete it and can go back in time."""
    Keys(stack, "Keys", configuration=configured(retain=retain))
    table = properties("AWS::DynamoDB::GlobalTable")

    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert (table["BillingMode"], table["SSESpecification"]) == ("PAY_PER_REQUEST", {"SSEEnabled": False})
    assert "TimeToLiveSpecification" not in table
    [replica] = table["Replicas"]
    assert replica["DeletionProtectionEnabled"] is retain
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": retain}


def test_the_master_secret(stack, configured, properties) -> None:
    """Generated where nobody sees it, as the first member of a JSON object."""
    Keys(stack, "Keys", configuration=configured())

    assert properties("AWS::SecretsManager::Secret")["GenerateSecretString"] == {
        "SecretStringTemplate": "{}",
        "GenerateStringKey": "1",
        "PasswordLength": 64,
        "ExcludePunctuation": True,
    }


def test_an_open_stage_has_neither(stack, configured) -> None:
    """Without keys there is nothing to look them up in."""
    keys = Keys(stack, "Keys", configuration=configured(auth="open"))

    assert (keys.table_name, keys.secret_arn) == ("", "")
    assert "Resources" not in json.dumps(Template.from_stack(stack).to_json())


@pytest.mark.parametrize(("retain", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_removal(stack, configured, retain, policy) -> None:
    """The master secret stays or goes with the stack as the stage says."""
    Keys(stack, "Keys", configuration=configured(retain=retain))

    Template.from_stack(stack).has_resource("AWS::SecretsManager::Secret", {"DeletionPolicy": policy})


def test_both_are_encrypted_with_the_stages_own_key(stack, configured, properties) -> None:
    """Where it has one."""
    key = kms.Key(stack, "Key")
    Keys(stack, "Keys", configuration=configured(), key=key)
    arn = stack.resolve(key.key_arn)

    assert properties("AWS::SecretsManager::Secret")["KmsKeyId"] == arn
    [replica] = properties("AWS::DynamoDB::GlobalTable")["Replicas"]
    assert replica["SSESpecification"] == {"KMSMasterKeyId": arn}


def test_functions_and_commands_know_where_they_are(stack, configured) -> None:
    """Table and secret, by the name of the setting and of the output."""
    keys = Keys(stack, "Keys", configuration=configured())
    template = Template.from_stack(stack)
    [table], [secret] = (
        template.find_resources(f"AWS::{kind}")
        for kind in (
            "DynamoDB::GlobalTable",
            "SecretsManager::Secret",
        )
    )

    assert stack.resolve(keys.names) == {"key_table_name": {"Ref": table}, "key_secret_arn": {"Ref": secret}}
    assert stack.resolve(keys.outputs) == {"KeyTableName": {"Ref": table}, "KeySecretArn": {"Ref": secret}}


def test_who_checks_keys_may_read_them_and_note_their_last_use_alone(stack, configured, properties) -> None:
    """No function can give a key more rights."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    keys = Keys(stack, "Keys", configuration=configured())
    keys.grant_read(role)
    reading, noting, deriving = properties("AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    table, secret = stack.resolve(keys.table.table_arn), stack.resolve(keys.secret.secret_arn)

    assert reading == {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": table}
    assert noting == {
        "Effect": "Allow",
        "Action": "dynamodb:UpdateItem",
        "Resource": table,
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "last_used"]}},
    }
    assert deriving == {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}


def test_an_open_stage_grants_nothing(stack, configured) -> None:
    """There is nothing to read."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    Keys(stack, "Keys", configuration=configured(auth="open")).grant_read(role)

    Template.from_stack(stack).resource_count_is("AWS::IAM::Policy", 0)


def test_refused_keys_are_watched(stack, configured) -> None:
    """By an alarm and a graph, whether or not the stage asks for keys now."""
    keys = Keys(stack, "Keys", configuration=configured(auth="open", alarms={"refused_keys": 7}))
    [watch], [graph] = keys.alarms(), keys.graphs()

    assert (watch.kind, watch.of, watch.threshold) == ("refused-keys", "RefusedKeys", 7)
    assert [one.metric_name for one in (watch.metric, *graph.metrics)] == ["refused_keys"] * 2
