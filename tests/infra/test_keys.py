import json

import pytest
from aws_cdk.assertions import Template

from infra.keys import Keys


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
