import json

import pytest

from distributary.errors import BadDefinition
from distributary.iot_events.model.action_kinds import ACTION_KINDS, INTERNAL
from distributary.iot_events.model.document import read_definition
from distributary.iot_events.model.document_forms import read_documents
from distributary_cdk.action_grants import Grant, arn_of, grants_for


def definition(*actions):
    """A model that carries the actions out on entering its state."""
    event = {"eventName": "e", "actions": list(actions)}
    states = [{"stateName": "S", "onEnter": {"events": [event]}}]
    document = {"detectorModelName": "m", "detectorModelDefinition": {"initialStateName": "S", "states": states}}
    [one] = read_documents(json.dumps(document), name="m")
    return read_definition(one).definition


FILES = {"m": "detectors/file.json"}
TABLE = {"hashKeyField": "'h'", "hashKeyValue": "'v'"}


GRANTED = [
    ({"sns": {"targetArn": "arn:aws:sns:r:1:t"}}, [("sns:Publish", "arn:aws:sns:r:1:t")]),
    ({"lambda": {"functionArn": "arn:f"}}, [("lambda:InvokeFunction", "arn:f")]),
    ({"firehose": {"deliveryStreamName": "d"}}, [("firehose:PutRecord", "firehose:deliverystream/d")]),
    (
        {"sqs": {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/123/q"}},
        [("sqs:SendMessage", "arn:aws:sqs:eu-west-1:123:q")],
    ),
    ({"iotTopicPublish": {"mqttTopic": "a/b"}}, [("iot:Publish", "iot:topic/a/b")]),
    ({"iotTopicPublish": {"mqttTopic": "'a/${$input.i.x}'"}}, [("iot:Publish", "iot:topic/a/*")]),
    ({"iotTopicPublish": {"mqttTopic": "'a/' + $variable.v"}}, [("iot:Publish", "iot:topic/a/*")]),
    ({"dynamoDBv2": {"tableName": "'t'"}}, [("dynamodb:PutItem", "dynamodb:table/t")]),
    (
        {"dynamoDB": {"tableName": "'t'", "operation": "'UPDATE'", **TABLE}},
        [("dynamodb:UpdateItem", "dynamodb:table/t")],
    ),
    (
        {"dynamoDB": {"tableName": "'t'", "operation": "$variable.o", **TABLE}},
        [(f"dynamodb:{verb}Item", "dynamodb:table/t") for verb in ("Put", "Update", "Delete")],
    ),
    (
        {"iotSiteWise": {"assetId": "'a-1'", "propertyId": "'p'"}},
        [("iotsitewise:BatchPutAssetPropertyValue", "iotsitewise:asset/a-1")],
    ),
    ({"setVariable": {"variableName": "v", "value": "1"}}, []),
    ({"iotEvents": {"inputName": "in"}}, []),
]


@pytest.mark.covers("decision.dynamodb-storage")
@pytest.mark.parametrize(("action", "grants"), GRANTED)
def test_a_literal_is_granted_exactly_and_an_expression_by_how_it_starts(action, grants):
    """Nothing more than the model names."""
    assert grants_for((definition(action),), (), FILES) == [Grant(*one) for one in grants]


def test_every_kind_of_action_is_granted():
    """A new kind in the table without its permission would fail only when a detector uses it."""
    assert {kind for action, _ in GRANTED for kind in action} >= {*ACTION_KINDS} - INTERNAL


@pytest.mark.parametrize(
    "action",
    [
        {"iotTopicPublish": {"mqttTopic": "$variable.v"}},
        {"dynamoDBv2": {"tableName": "$variable.v"}},
        {"iotSiteWise": {"propertyAlias": "'/a'"}},
        {"sqs": {"queueUrl": "https://elsewhere.example/q"}},
        {"sqs": {"queueUrl": "https://elsewhere.example/123/q"}},
        {"sqs": {"queueUrl": "https://sqs/123/q"}},
        {"sqs": {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/123"}},
        {"sns": {"targetArn": "sns-topic-arn"}},
        {"lambda": {"functionArn": "alarm"}},
    ],
)
def test_what_nobody_can_know_fails_with_its_path_unless_it_is_granted(action):
    """The owner's own grant covers it."""
    model = definition(action)
    with pytest.raises(
        BadDefinition, match=r"^detectors/file\.json: m: states\[0\]\.onEnter\.events\[0\]\.actions\[0\]"
    ):
        grants_for((model,), (), FILES)

    names = ["iot:Publish", "dynamodb:PutItem", "iotsitewise:BatchPutAssetPropertyValue", "sqs:SendMessage"]
    names += ["sns:Publish", "lambda:InvokeFunction"]
    found = grants_for((model,), ({"actions": names, "resource": "arn:any"},), FILES)

    assert found == [Grant(name, "arn:any") for name in names]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"sns": {"targetArn": "sns-topic-arn"}}, "targetArn 'sns-topic-arn' is no ARN"),
        ({"sqs": {"queueUrl": "q"}}, "queueUrl 'q' is no URL of a queue in SQS"),
        ({"dynamoDBv2": {"tableName": "$variable.v"}}, "its target is known only when it runs"),
    ],
)
def test_the_fault_says_what_is_wrong_with_the_target(action, told):
    """A placeholder that an example left is not known only when it runs: it is no target at all."""
    with pytest.raises(BadDefinition, match=told):
        grants_for((definition(action),), (), FILES)


@pytest.mark.parametrize(
    ("resource", "arn"),
    [
        ("arn:aws:sns:r:1:t", "arn:aws:sns:r:1:t"),
        ("iot:topic/a/*", "arn:aws-cn:iot:cn-north-1:123:topic/a/*"),
        ("dynamodb:table/a:b", "arn:aws-cn:dynamodb:cn-north-1:123:table/a:b"),
    ],
)
def test_a_resource_that_is_no_arn_is_of_the_stacks_own_account_and_region(resource, arn):
    """In their partition."""
    environment = {"partition": "aws-cn", "region": "cn-north-1", "account": "123"}

    assert arn_of(Grant("any:Action", resource), environment) == arn
