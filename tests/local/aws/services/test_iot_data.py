import base64
import json
import time
from typing import NamedTuple

import pytest

from local.aws.types.lambda_functions import packed


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


@pytest.fixture
def checked_rule(checked, trusting, unique, checked_queue):
    """Makes a function and a rule that calls its alias, where rights are checked: the rule's name, the alias' ARN."""

    def make(*actions):
        name, rule = unique("function"), unique("rule").replace("-", "_")
        function = checked.client("lambda").create_function(
            FunctionName=name,
            Role=trusting("lambda"),
            Runtime="python3.13",
            Handler="index.f",
            Code={"ZipFile": packed("def f(): pass")},
        )["FunctionName"]
        alias = {"FunctionName": function, "Name": "live", "FunctionVersion": "$LATEST"}
        function = checked.client("lambda").create_alias(**alias)["AliasArn"]
        payload = {
            "sql": f"SELECT * FROM '{rule}'",  # noqa: S608 - no database runs it
            "actions": [{"lambda": {"functionArn": function}}],
            "errorAction": {"sqs": {"queueUrl": checked_queue.url, "roleArn": trusting("iot", *actions)}},
        }
        checked.client("iot").create_topic_rule(ruleName=rule, topicRulePayload=payload)
        return rule, function

    return make


def test_a_rule_needs_the_functions_permission(checked, checked_rule, checked_queue) -> None:
    """Without it the message goes to the error action; with it, for just this rule, to the function."""
    rule, function = checked_rule("sqs:SendMessage")
    data, arn = checked.client("iot-data"), f"arn:aws:iot:us-east-1:123456789012:rule/{rule}"
    add = checked.client("lambda").add_permission
    permission = {"FunctionName": function, "Action": "lambda:InvokeFunction", "Principal": "iot.amazonaws.com"}
    add(**permission, StatementId="another", SourceArn=f"{arn}2", SourceAccount="123456789012")
    data.publish(topic=rule, payload=b'{"n":1}')
    [body] = checked_queue.bodies()
    add(**permission, StatementId="this", SourceArn=arn, SourceAccount="123456789012")
    data.publish(topic=rule, payload=b'{"n":2}')

    [failure] = json.loads(body)["failures"]
    assert failure["errorMessage"].startswith("iot.amazonaws.com is not authorized to perform: lambda:InvokeFunction")
    assert ran(checked, function.split(":")[-2]) == [{"n": 2}]
    assert checked_queue.bodies(0) == []


def test_an_error_action_needs_its_roles_permission(checked, checked_rule, checked_queue) -> None:
    """Without it nothing arrives anywhere."""
    rule, _ = checked_rule()

    checked.client("iot-data").publish(topic=rule, payload=b"{}")

    assert checked_queue.bodies() == []
