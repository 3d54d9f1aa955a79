import base64
import json
import time
from typing import NamedTuple

import pytest


class Function(NamedTuple):
    """A function's name and ARN."""

    name: str
    arn: str


@pytest.fixture
def function(stack, role):
    """A function that exists."""
    properties = {"Runtime": "python3.13", "Handler": "h.f", "Role": role, "Code": {"ZipFile": "def f(): pass"}}
    resources = {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    outputs = stack.deploy(resources, {"Name": {"Ref": "Function"}, "Arn": {"Fn::GetAtt": ["Function", "Arn"]}})
    return Function(outputs["Name"], outputs["Arn"])


@pytest.fixture
def rule(aws, unique):
    """Makes a topic rule that calls a function, with a queue for its errors: the queue's URL."""
    iot, sqs, made = aws.client("iot"), aws.client("sqs"), []

    def make(function, sql, **more):
        queue = sqs.create_queue(QueueName=unique("errors"))["QueueUrl"]
        name = unique("rule").replace("-", "_")
        payload = {
            "sql": sql,
            "actions": [{"lambda": {"functionArn": function}}],
            "errorAction": {"sqs": {"queueUrl": queue, "roleArn": "arn:aws:iam::123456789012:role/r"}},
        }
        iot.create_topic_rule(ruleName=name, topicRulePayload=payload | more)
        made.append(name)
        return queue

    yield make
    for name in made:
        iot.delete_topic_rule(ruleName=name)


def ran(aws, function, count=1):
    """The payloads that the function was given, as soon as there are so many."""
    found: list[bytes] = []
    for _ in range(50):
        found = [payload for name, payload in aws.inside("ran") if name.partition(":")[0] == function]
        if len(found) >= count:
            break
        time.sleep(0.05)
    return [json.loads(payload) for payload in found]


def test_what_is_published_calls_the_function_of_each_rule_that_takes_it(aws, function, rule) -> None:
    """With what the rule selects; a rule of another topic and one that is switched off do nothing."""
    rule(function.arn, "SELECT t, topic(2) AS device FROM 'd/+/data' WHERE t > 1")
    rule(function.arn, "SELECT * FROM 'd/+/else'")
    rule(function.arn, "SELECT * FROM 'd/#'", ruleDisabled=True)
    client = aws.client("iot-data")

    client.publish(topic="d/one/data", payload=b'{"t": 1}')
    client.publish(topic="d/two/data", payload=b'{"t": 2, "u": 3}')

    assert ran(aws, function.name) == [{"t": 2, "device": "two"}]


def test_what_cannot_be_handed_over_goes_to_the_error_action(aws, rule, unique) -> None:
    """A function that is not there: the queue has the rule's name, the topic, the message and the reason."""
    function = f"arn:aws:lambda:us-east-1:123456789012:function:{unique('missing')}"
    queue = rule(function, "SELECT * FROM 'missing/#'")

    aws.client("iot-data").publish(topic="missing/it", payload=b"\x00\x01")

    [message] = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(message["Body"])
    assert (body["topic"], base64.b64decode(body["base64OriginalPayload"])) == ("missing/it", b"\x00\x01")
    assert body["failures"][0]["failedResource"] == function
