import json

from local.aws.types.secrets import generated


def secret(**properties):
    """A secret."""
    return {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": properties}}


def test_a_generated_secret_keeps_its_value(aws, stack):
    """A change of the description leaves it as it was; Ref is the ARN; the end of the stack deletes it at once."""
    client, values = aws.client("secretsmanager"), []
    for description in ("one", "two"):
        arn = stack.deploy(
            secret(Description=description, GenerateSecretString={"PasswordLength": 40, "ExcludePunctuation": True}),
            {"Arn": {"Ref": "Secret"}},
        )["Arn"]
        values.append(client.get_secret_value(SecretId=arn)["SecretString"])
    described = client.describe_secret(SecretId=arn)

    assert values[0] == values[1]
    assert (len(values[0]), values[0].isalnum()) == (40, True)
    assert described["Description"] == "two"
    stack.delete()
    assert arn not in [one["ARN"] for one in client.list_secrets()["SecretList"]]


def test_a_generated_value_can_stand_in_a_document():
    """As the template's JSON object, under the key that it names, without the letters that it excludes."""
    value = json.loads(
        generated({"SecretStringTemplate": '{"user": "a"}', "GenerateStringKey": "key", "ExcludeCharacters": "abc"})
    )

    assert value["user"] == "a"
    assert len(value["key"]) == 32
    assert not set("abc") & set(value["key"])
