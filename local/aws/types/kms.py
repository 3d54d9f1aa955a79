"""AWS KMS: the key."""

from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties

DAYS = 30  # until a deleted key is gone, where the template does not say


def key(properties: Properties) -> Properties:
    """CreateKey's parameters."""
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])]
    others = {name: value for name, value in properties.items() if name not in ("KeyPolicy", "Tags")}
    return {**others, "Policy": properties["KeyPolicy"], "Tags": tags}


def changed(state: Properties) -> Properties:
    """UpdateKeyDescription's and PutKeyPolicy's parameters."""
    return {"Description": "", **state, **named(state), "Policy": state["KeyPolicy"], "PolicyName": "default"}


def named(state: Properties) -> Properties:
    """The key, as calls name it."""
    return {"KeyId": state["KeyMetadata"]["KeyId"]}


def ending(state: Properties) -> Properties:
    """ScheduleKeyDeletion's parameters."""
    return {**named(state), "PendingWindowInDays": state.get("PendingWindowInDays", DAYS)}


def set_the_rest(client: Any, state: Properties) -> None:
    """Rotation is a call of its own."""
    if str(state.get("EnableKeyRotation", "")).lower() == "true":
        client.enable_key_rotation(**named(state))
    else:
        client.disable_key_rotation(**named(state))


TYPES = (
    ResourceType(
        name="AWS::KMS::Key",
        service="kms",
        create="CreateKey",
        update=("UpdateKeyDescription", "PutKeyPolicy"),
        delete="ScheduleKeyDeletion",
        ref="{KeyMetadata[KeyId]}",
        attributes={"Arn": "{KeyMetadata[Arn]}", "KeyId": "{KeyMetadata[KeyId]}"},
        translate=key,
        change=changed,
        beyond_create=("EnableKeyRotation", "PendingWindowInDays"),
        in_place=("KeyPolicy",),
        deletion=ending,
        after=set_the_rest,
    ),
)
