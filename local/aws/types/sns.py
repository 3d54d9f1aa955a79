"""Amazon SNS: topic policies and subscriptions (moto has the topic)."""

import json
from typing import Any

from local.aws.resource_type import ResourceType
from local.aws.service_call import Properties

PLACED_BY_THE_CALL = ("Endpoint", "Protocol", "TopicArn", "Region", "PhysicalName", "AccountId")


def set_policy(client: Any, state: Properties) -> None:
    """The policy is an attribute of each topic."""
    document = json.dumps(state["PolicyDocument"])
    for topic in state["Topics"]:
        client.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)


def subscription(properties: Properties) -> Properties:
    """Subscribe's parameters: all but three of the template's properties are attributes."""
    attributes = {key: value for key, value in properties.items() if key not in PLACED_BY_THE_CALL}
    placed = {key: value for key, value in properties.items() if key in PLACED_BY_THE_CALL}
    return {**placed, "Attributes": attributes, "ReturnSubscriptionArn": True}


TYPES = (
    ResourceType(name="AWS::SNS::TopicPolicy", service="sns", after=set_policy, attributes={"Id": "{PhysicalName}"}),
    ResourceType(
        name="AWS::SNS::Subscription",
        service="sns",
        create="Subscribe",
        delete="Unsubscribe",
        ref="{SubscriptionArn}",
        attributes={"Arn": "{SubscriptionArn}"},
        translate=subscription,
    ),
)
