import json

import pytest

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}


def resource(kind, **properties):
    """A resource of the service."""
    return {"Type": f"AWS::Lambda::{kind}", "Properties": properties}


@pytest.fixture
def function(role):
    """A function's resource, by source and whatever else differs."""

    def made(source="def handler(event, context): return 1", **more):
        properties = {"Runtime": "python3.13", "Handler": "index.handler", "Role": role, "Code": {"ZipFile": source}}
        return resource("Function", **properties | more)

    return made


OUTPUTS = {"Name": {"Ref": "Function"}, "Arn": {"Fn::GetAtt": ["Function", "Arn"]}}


def test_a_function_is_created_with_its_configuration(aws, stack, function):
    """Environment, memory, timeout, architecture, log group, reserved concurrency, tags."""
    outputs = stack.deploy(
        {
            "Group": {"Type": "AWS::Logs::LogGroup"},
            "Function": function(
                Environment={"Variables": {"GROUP": {"Ref": "Group"}}},
                MemorySize="512",
                Timeout=29,
                Architectures=["arm64"],
                LoggingConfig={"LogGroup": {"Ref": "Group"}, "LogFormat": "JSON"},
                ReservedConcurrentExecutions=7,
                TracingConfig={"Mode": "Active"},
                Tags=[{"Key": "a", "Value": "b"}],
            ),
        },
        OUTPUTS | {"Group": {"Ref": "Group"}},
    )
    found = aws.client("lambda").get_function(FunctionName=outputs["Name"])
    spec = aws.inside(f"deployed.function({outputs['Name']!r})")

    assert stack.reasons() == {}
    assert found["Configuration"]["FunctionArn"] == outputs["Arn"]
    assert found["Configuration"]["Architectures"] == ["arm64"]
    assert (found["Concurrency"], found["Tags"]) == ({"ReservedConcurrentExecutions": 7}, {"a": "b"})
    assert (spec.environment, spec.memory_mb, spec.timeout_seconds) == ({"GROUP": outputs["Group"]}, 512, 29)
    assert (spec.handler, spec.log_group, spec.json_log_level) == ("index.handler", outputs["Group"], "INFO")


def test_new_code_and_configuration_take_effect_in_place(aws, stack, function):
    """The same function has the new code; what the template no longer says is at its default again."""
    outputs = stack.deploy({"Function": function(Timeout=20, Environment={"Variables": {"A": "1"}})}, OUTPUTS)
    before = aws.inside(f"deployed.function({outputs['Name']!r})")
    again = stack.deploy({"Function": function("def handler(event, context): return 2", MemorySize=256)}, OUTPUTS)
    after = aws.inside(f"deployed.function({outputs['Name']!r})")

    assert again == outputs
    assert (after.memory_mb, after.timeout_seconds, after.environment) == (256, 3, {})
    assert (before.code != after.code, before.revision != after.revision) == (True, True)


def test_versions_and_aliases_are_what_getatt_and_ref_say(aws, stack, function):
    """A version's Ref is its ARN, its Version a text; an alias points to it, and to the next one after an update."""
    resources = {
        "Function": function(),
        "One": resource("Version", FunctionName={"Ref": "Function"}),
        "Live": resource(
            "Alias",
            FunctionName={"Ref": "Function"},
            FunctionVersion={"Fn::GetAtt": ["One", "Version"]},
            Name="live",
        ),
    }
    outputs = OUTPUTS | {"Version": {"Ref": "One"}, "Alias": {"Ref": "Live"}}
    first = stack.deploy(resources, outputs)
    resources["Function"] = function("def handler(event, context): return 2")
    resources["Two"] = resource("Version", FunctionName={"Ref": "Function"})
    resources["Live"]["Properties"]["FunctionVersion"] = {"Fn::GetAtt": ["Two", "Version"]}
    stack.deploy(resources, outputs)
    alias = aws.client("lambda").get_alias(FunctionName=first["Name"], Name="live")

    assert first["Version"] == f"{first['Arn']}:1"
    assert (first["Alias"], alias["AliasArn"], alias["FunctionVersion"]) == (
        alias["AliasArn"],
        f"{first['Arn']}:live",
        "2",
    )


@pytest.mark.parametrize(("policy", "left"), [({}, ["2"]), ({"DeletionPolicy": "Retain"}, ["1", "2"])])
def test_a_version_that_is_retained_outlives_its_place_in_the_template(aws, stack, function, policy, left):
    """So that a release can be taken back; another goes when the template no longer has it."""
    one = resource("Version", FunctionName={"Ref": "Function"})
    name = stack.deploy({"Function": function(), "One": one | policy}, OUTPUTS)["Name"]
    source = "def handler(event, context): return 2"
    stack.deploy({"Function": function(source), "Two": resource("Version", FunctionName={"Ref": "Function"})}, OUTPUTS)

    versions = aws.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    assert [each["Version"] for each in versions if each["Version"] != "$LATEST"] == left


VERSION = resource("Version", FunctionName={"Ref": "Function"})
NEWER = "def handler(event, context): return 2"


def versions(aws, name):
    """The numbers of a function's versions."""
    found = aws.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    return [each["Version"] for each in found if each["Version"] != "$LATEST"]


@pytest.mark.parametrize(("policy", "left"), [("Retain", ["1", "2"]), ("RetainExceptOnCreate", ["1"])])
def test_a_version_that_a_rollback_leaves_keeps_its_code_from_being_published(aws, stack, function, policy, left):
    """As with AWS: Lambda answers with the version that exists, and CloudFormation does not take it for a new one."""
    name = stack.deploy({"Function": function(), "One": {**VERSION, "DeletionPolicy": policy}}, OUTPUTS)["Name"]
    newer = {"Function": function(NEWER), "Two": {**VERSION, "DeletionPolicy": policy}}
    stack.deploy({**newer, "Bad": {"Type": "AWS::Nobody::Knows"}}, OUTPUTS)
    after_rollback = versions(aws, name)
    stack.deploy(newer, OUTPUTS)

    assert after_rollback == left
    if policy == "Retain":
        assert "A version for this Lambda function exists ( 2 )" in stack.reasons()["Two"]
    else:
        assert (stack.status, versions(aws, name)) == ("UPDATE_COMPLETE", ["1", "3"])


def test_a_version_with_an_alias_is_not_deleted(aws, stack, function):
    """Lambda refuses it: who calls the alias would find nothing."""
    alias = resource("Alias", FunctionName={"Ref": "Function"}, FunctionVersion="1", Name="live")
    name = stack.deploy({"Function": function(), "One": VERSION, "Live": {**alias, "DependsOn": "One"}}, OUTPUTS)[
        "Name"
    ]
    client = aws.client("lambda")

    with pytest.raises(client.exceptions.ResourceConflictException):
        client.delete_function(FunctionName=name, Qualifier="1")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_queue_is_mapped_with_all_its_settings(aws, stack, function):
    """Created, changed, and gone."""

    def mapping(**more):
        return resource(
            "EventSourceMapping",
            FunctionName={"Ref": "Function"},
            EventSourceArn={"Fn::GetAtt": ["Queue", "Arn"]},
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **more,
        )

    resources = {"Function": function(), "Queue": QUEUE}
    first = mapping(BatchSize="5", ScalingConfig={"MaximumConcurrency": 2}, MaximumBatchingWindowInSeconds=1)
    outputs = stack.deploy(
        resources | {"Mapping": first}, OUTPUTS | {"Url": {"Ref": "Queue"}, "Id": {"Ref": "Mapping"}}
    )
    sources = f"[one for one in deployed.event_sources(aws.endpoint) if one.uuid == {outputs['Id']!r}]"
    [before] = aws.inside(sources)
    stack.deploy(resources | {"Mapping": mapping(BatchSize=3, Enabled=False)})
    [after] = aws.inside(sources)
    stack.deploy(resources)

    assert (before.queue_url, before.function) == (outputs["Url"], outputs["Name"])
    assert (before.batch_size, before.maximum_concurrency, before.batching_window_seconds) == (5, 2, 1)
    assert (before.report_batch_item_failures, before.enabled) == (True, True)
    assert (after.batch_size, after.enabled) == (3, False)
    assert aws.inside(sources) == []


def test_a_permission_stands_in_the_policy(aws, stack, function):
    """With principal and source, until it is removed."""
    permission = resource(
        "Permission",
        FunctionName={"Fn::GetAtt": ["Function", "Arn"]},
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn="arn:aws:execute-api:us-east-1:123456789012:api/*",
    )
    name = stack.deploy({"Function": function(), "Permission": permission}, OUTPUTS)["Name"]
    client = aws.client("lambda")
    [statement] = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    stack.deploy({"Function": function()}, OUTPUTS)

    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"].endswith("api/*")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name)


def test_an_asynchronous_invocation_is_configured(aws, stack, function):
    """Retries and age."""
    config = resource(
        "EventInvokeConfig",
        FunctionName={"Ref": "Function"},
        Qualifier="$LATEST",
        MaximumRetryAttempts="0",
        MaximumEventAgeInSeconds=60,
    )
    name = stack.deploy({"Function": function(), "Config": config}, OUTPUTS)["Name"]
    found = aws.client("lambda").get_function_event_invoke_config(FunctionName=name)

    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (0, 60)
