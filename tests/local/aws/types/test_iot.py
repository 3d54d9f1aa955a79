def rule(sql="SELECT * FROM 'a'", **more):
    """A topic rule's resource that calls a function."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:any"
    payload = {"Sql": sql, "AwsIotSqlVersion": "2016-03-23", "Actions": [{"Lambda": {"FunctionArn": arn}}], **more}
    return {"Type": "AWS::IoT::TopicRule", "Properties": {"TopicRulePayload": {"RuleDisabled": False, **payload}}}


def named(name, resource):
    """The same under a name."""
    return {**resource, "Properties": {**resource["Properties"], "RuleName": name}}


def test_a_rule_is_created_changed_and_deleted(aws, stack) -> None:
    """Its SQL, its action and its error action; Ref is its name, Arn its ARN."""
    outputs = {"Name": {"Ref": "Rule"}, "Arn": {"Fn::GetAtt": ["Rule", "Arn"]}}
    error = {
        "Sqs": {"QueueUrl": "http://localhost/1/q", "RoleArn": "arn:aws:iam::123456789012:role/r", "UseBase64": False}
    }
    iot = aws.client("iot")

    made = stack.deploy({"Rule": named("my_rule", rule(ErrorAction=error))}, outputs)
    first = iot.get_topic_rule(ruleName="my_rule")["rule"]
    stack.deploy({"Rule": named("my_rule", rule("SELECT x FROM 'b'"))})
    second = iot.get_topic_rule(ruleName="my_rule")["rule"]
    stack.delete()

    assert made == {"Name": "my_rule", "Arn": "arn:aws:iot:us-east-1:123456789012:rule/my_rule"}
    assert (first["sql"], first["ruleDisabled"]) == ("SELECT * FROM 'a'", False)
    assert first["errorAction"]["sqs"]["queueUrl"] == "http://localhost/1/q"
    assert first["actions"][0]["lambda"]["functionArn"].endswith(":any")
    assert second["sql"] == "SELECT x FROM 'b'"
    assert iot.list_topic_rules()["rules"] == []


def test_a_rule_that_would_do_nothing_here_is_not_created(stack) -> None:
    """SQL that is not evaluated on this machine, and actions other than Lambda's, with the reason."""
    sns = {"Sns": {"TargetArn": "arn:aws:sns:us-east-1:123456789012:t", "RoleArn": "arn:aws:iam::123456789012:role/r"}}

    stack.deploy({"Sql": named("a", rule("SELECT clientid() AS c FROM 'a'")), "Sns": named("b", rule(Actions=[sns]))})

    reasons = stack.reasons()
    assert "clientid() is not evaluated on this machine" in reasons["Sql"]
    assert "only a rule's Lambda actions run on this machine, not Sns" in reasons["Sns"]
