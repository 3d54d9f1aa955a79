import pytest
from aws_cdk.assertions import Match, Template

from distributary.errors import BadDefinition
from distributary_cdk.configuration import ReservedProps
from distributary_cdk.iot_rule import IotRule
from distributary_cdk.iot_rules import IotRules
from distributary_cdk.sinks.iot_events import IotEvents

ROWS = (
    {"name": "one", "sql": "SELECT * FROM 'a/+'", "input": "telemetry", "message_id": "${newuuid()}"},
    {"name": "many", "outside": True, "input": "telemetry", "batch": True},
)


@pytest.fixture
def made(stack, shared):
    """Makes the rules of these rows: the construct and its stack's template."""

    def make(*rows, **changes):
        common = shared(iot_rules=[IotRule(**row) for row in rows], **changes)
        sink = IotEvents(stack, common)
        settings = common.configuration.settings(delivery_stream_name="d", stream_name="s", **sink.names)
        rules = IotRules(
            stack, "Rules", configuration=common.configuration, settings=settings, iot_events=sink, key=common.key
        )
        return rules, Template.from_stack(stack)

    return make


def test_without_a_rule_there_is_nothing(made) -> None:
    """No function, no queue, no outputs."""
    rules, template = made()

    assert "AWS::IoT::TopicRule" not in {one["Type"] for one in template.to_json()["Resources"].values()}
    assert not [name for name in template.to_json()["Resources"] if name.startswith("Rules")]
    assert rules.outputs == {}
    assert [*rules.alarms()] == []


def test_a_rule_calls_the_function_by_its_own_alias(made) -> None:
    """The SELECT brings the messageId; what IoT Core cannot hand over goes to the error queue."""
    _, template = made(*ROWS)

    template.resource_count_is("AWS::IoT::TopicRule", 1)
    [alias] = template.find_resources("AWS::Lambda::Alias", {"Properties": {"Name": "one"}})
    [queue] = [name for name in template.find_resources("AWS::SQS::Queue") if "DeadRules" in name]
    template.has_resource_properties(
        "AWS::IoT::TopicRule",
        {
            "RuleName": "one",
            "TopicRulePayload": {
                "Sql": "SELECT *, newuuid() AS distributaryMessageId FROM 'a/+'",
                "AwsIotSqlVersion": "2016-03-23",
                "RuleDisabled": False,
                "Actions": [{"Lambda": {"FunctionArn": {"Ref": alias}}}],
                "ErrorAction": {"Sqs": Match.object_like({"QueueUrl": {"Ref": queue}, "UseBase64": False})},
            },
        },
    )


@pytest.mark.parametrize("name", ["one", "many"])
def test_each_rule_has_a_way_for_its_errors_and_a_permission(made, name) -> None:
    """Also one outside: two retries, then the error queue; only this rule of this account may call under its name."""
    _, template = made(*ROWS)

    [(alias, made_alias)] = template.find_resources("AWS::Lambda::Alias", {"Properties": {"Name": name}}).items()
    assert made_alias["Properties"]["FunctionVersion"] == "$LATEST"
    template.has_resource_properties(
        "AWS::Lambda::EventInvokeConfig",
        {
            "Qualifier": name,
            "MaximumRetryAttempts": 2,
            "MaximumEventAgeInSeconds": 21_600,
            "DestinationConfig": {
                "OnFailure": {"Destination": {"Fn::GetAtt": [Match.string_like_regexp("DeadRules"), "Arn"]}}
            },
        },
    )
    template.has_resource_properties(
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "Principal": "iot.amazonaws.com",
            "FunctionName": {"Ref": alias},
            "SourceAccount": {"Ref": "AWS::AccountId"},
            "SourceArn": {"Fn::Join": ["", Match.array_with([f":rule/{name}"])]},
        },
    )


def test_rules_of_inputs_that_do_not_exist(made) -> None:
    """Each is named, with those that there are."""
    with pytest.raises(BadDefinition) as refused:
        made(ROWS[0], {**ROWS[1], "input": "nowhere"})

    [fault] = refused.value.faults
    assert fault.startswith("iot_rules[1].input = 'nowhere': there is no such input; there are ")


def test_a_flood_of_messages_can_be_bounded(made) -> None:
    """By setting; without it the function shares the account's environments."""
    _, template = made(*ROWS, functions={"reserved_concurrency": ReservedProps(take_messages=5)})

    template.has_resource_properties("AWS::Lambda::Function", {"ReservedConcurrentExecutions": 5})


def test_outputs(made) -> None:
    """What the owner's own rules call, and where errors are."""
    rules, _ = made(*ROWS)

    assert set(rules.outputs) == {
        *{"TakeMessagesFunctionName", "TakeMessagesLogGroupName", "TakeMessagesFunctionArn", "RuleErrorQueueUrl"}
    }


def test_nothing_calls_before_its_failures_have_a_place(made) -> None:
    """The retries wait for the alias and for the right to send to the error queue, the rule for the retries."""
    _, template = made(*ROWS)
    [policy] = [name for name in template.find_resources("AWS::IAM::Policy") if "TakeMessagesRole" in name]
    [alias] = template.find_resources("AWS::Lambda::Alias", {"Properties": {"Name": "one"}})
    [name] = template.find_resources("AWS::Lambda::EventInvokeConfig", {"Properties": {"Qualifier": "one"}})
    retries = template.find_resources("AWS::Lambda::EventInvokeConfig")[name]
    [rule] = template.find_resources("AWS::IoT::TopicRule").values()

    assert {policy, alias} <= set(retries["DependsOn"])
    assert name in rule["DependsOn"]
    assert {"AWS::Lambda::Permission"} <= {template.to_json()["Resources"][one]["Type"] for one in rule["DependsOn"]}


def test_alarms(made) -> None:
    """Of the function, and of the queue of errors: nothing should ever be there."""
    rules, _ = made(*ROWS)

    assert [(watch.of.node.id, watch.kind) for watch in rules.alarms()] == [
        *(("TakeMessages", f"function-{kind}") for kind in ("errors", "throttles", "slow")),
        ("DeadRules", "set-aside"),
    ]
