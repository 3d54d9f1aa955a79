"""AWS Secrets Manager: the secret."""

import json
import secrets
import string
from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties


def with_value(properties: Properties) -> Properties:
    """CreateSecret's parameters: a value that the template wants generated is made here."""
    given = {key: value for key, value in properties.items() if key != "GenerateSecretString"}
    wanted = properties.get("GenerateSecretString")
    return given if wanted is None else {**given, "SecretString": generated(wanted)}


def generated(wanted: Properties) -> str:
    """A random password, inside the template's JSON object where it gives one."""
    letters = string.ascii_letters + string.digits
    if not wanted.get("ExcludePunctuation"):
        letters += string.punctuation
    allowed = [letter for letter in letters if letter not in wanted.get("ExcludeCharacters", "")]
    password = "".join(secrets.choice(allowed) for _ in range(int(wanted.get("PasswordLength", 32))))
    if "SecretStringTemplate" not in wanted:
        return password
    document: dict[str, Any] = json.loads(wanted["SecretStringTemplate"])
    return json.dumps({**document, wanted["GenerateStringKey"]: password})


def described(state: Properties) -> Properties:
    """UpdateSecret's parameters: a generated value stays what it was."""
    return {**state, "SecretId": state["ARN"]}


def now(state: Properties) -> Properties:
    """DeleteSecret's parameters: without the days in which it could be restored."""
    return {"SecretId": state["ARN"], "ForceDeleteWithoutRecovery": True}


TYPES = (
    ResourceType(
        name="AWS::SecretsManager::Secret",
        service="secretsmanager",
        create="CreateSecret",
        update=("UpdateSecret",),
        delete="DeleteSecret",
        ref="{ARN}",
        attributes={"Id": "{ARN}"},
        named_by="Name",
        name_length=512,
        translate=with_value,
        change=described,
        in_place=("Tags",),
        deletion=now,
    ),
)
