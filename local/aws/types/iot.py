"""AWS IoT Core: topic rules."""

from local.aws import topic_rule
from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties


def evaluated(properties: Properties) -> Properties:
    """CreateTopicRule's parameters; raises NotEvaluatedHere for a rule that would do nothing on this machine."""
    payload = properties["TopicRulePayload"]
    topic_rule.compiled(payload["Sql"])
    if others := [kind for action in payload["Actions"] for kind in action if kind != "Lambda"]:
        raise topic_rule.NotEvaluatedHere(f"only a rule's Lambda actions run on this machine, not {', '.join(others)}")
    return properties


TYPES = (
    ResourceType(
        name="AWS::IoT::TopicRule",
        service="iot",
        create="CreateTopicRule",
        update=("ReplaceTopicRule",),
        delete="DeleteTopicRule",
        ref="{RuleName}",
        attributes={"Arn": "arn:aws:iot:{Region}:{AccountId}:rule/{RuleName}"},
        named_by="RuleName",
        translate=evaluated,
        change=evaluated,
    ),
)
