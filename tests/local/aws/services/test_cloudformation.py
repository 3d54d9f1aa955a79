import pytest

QUEUE = {"Type": "AWS::SQS::Queue"}
NO_ROLE = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"Code": {"ZipFile": "pass"}, "Role": "arn:aws:iam::123456789012:role/none", "Handler": "index.f"},
}


def named(name, **properties):
    """A queue."""
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}


def test_an_unknown_type_fails_the_stack(stack):
    """Plain moto answers success over it; here the stack's status and events tell."""
    stack.deploy({"Good": QUEUE, "Odd": {"Type": "AWS::Nobody::Knows"}})

    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reasons() == {"Odd": "there is no AWS::Nobody::Knows on this machine"}


def test_a_failing_creator_fails_the_stack_and_each_failure_is_told(stack):
    """The service's own words, for every resource that failed by itself; the others say whom they needed."""
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": {"Fn::GetAtt": ["Function", "Arn"]},
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
        },
    }
    stack.deploy({"Permission": permission, "Function": NO_ROLE, "Bad": named("no spaces allowed"), "Good": QUEUE})

    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reasons() == {
        "Permission": "needs Function, which failed",
        "Function": "CreateFunction: InvalidParameterValueException: "
        "The role defined for the function cannot be assumed by Lambda.",
        "Bad": "CreateQueue: InvalidParameterValue: "
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    }


def test_a_property_that_the_service_does_not_know_fails(stack):
    """It would have no effect, and nobody would see it."""
    stack.deploy({"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1, "Colour": "blue"}}})

    assert stack.reasons() == {"Stream": "UnknownProperty: CreateStreamInput has no Colour"}


def test_a_failed_resource_is_tried_again_with_the_next_deployment(aws, stack, role):
    """Also when its own part of the template has not changed."""
    stack.deploy({"Bad": named("not good"), "Odd": {"Type": "AWS::Nobody::Knows"}})
    stack.deploy({"Bad": named("good-now"), "Odd": {"Type": "AWS::Nobody::Knows"}})
    still = stack.status
    outputs = stack.deploy({"Bad": named("good-now")}, {"Url": {"Ref": "Bad"}})

    assert (still, stack.status) == ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE")
    assert outputs["Url"] == f"{aws.endpoint}/123456789012/good-now"


def test_a_failed_change_is_tried_again_with_the_next_deployment(aws, stack, unique):
    """What it needs may exist by then, though its own part of the template is the same."""
    dead = unique("dead")
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{dead}", "maxReceiveCount": 3}
    changed = {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": policy}}
    stack.deploy({"Queue": QUEUE})
    stack.deploy({"Queue": changed})
    failed = stack.status
    aws.client("sqs").create_queue(QueueName=dead)
    stack.deploy({"Queue": changed, "Other": QUEUE})

    assert (failed, stack.status) == ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE")


def test_an_update_adds_changes_and_removes(aws, stack, unique):
    """What is new exists, what changed has changed in place, what is gone is gone; outputs are the new ones."""
    first, second = unique("first"), unique("second")
    stack.deploy({"Old": named(first), "Kept": named(second, VisibilityTimeout=5)}, {"Url": {"Ref": "Old"}})
    outputs = stack.deploy(
        {"New": named(f"{first}-new"), "Kept": named(second, VisibilityTimeout="7")}, {"Other": {"Ref": "New"}}
    )
    sqs = aws.client("sqs")
    urls = sqs.list_queues(QueueNamePrefix=first).get("QueueUrls", [])
    kept = sqs.get_queue_attributes(
        QueueUrl=f"{aws.endpoint}/123456789012/{second}", AttributeNames=["VisibilityTimeout"]
    )

    assert urls == [outputs["Other"]]
    assert set(outputs) == {"Other"}
    assert kept["Attributes"]["VisibilityTimeout"] == "7"


def test_a_change_set_that_is_not_there_is_not_found(aws, stack):
    """As the CDK CLI expects it before each new deployment: deleting it again is no error, and describing it is one."""
    stack.deploy({"Queue": QUEUE})
    client, named_set = (
        aws.client("cloudformation"),
        {"StackName": stack.name, "ChangeSetName": "cdk-deploy-change-set"},
    )
    client.delete_change_set(**named_set)

    with pytest.raises(client.exceptions.ChangeSetNotFoundException):
        client.describe_change_set(**named_set)


def test_a_parameter_from_parameter_store_keeps_its_value_over_updates(aws, stack, unique):
    """The CDK's bootstrap version is one: read at the first deployment, the previous value at the next."""
    name = f"/{unique('parameter')}"
    aws.client("ssm").put_parameter(Name=name, Value="33", Type="String")
    version = {"Version": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": name}}
    outputs = [stack.deploy({"Queue": QUEUE}, {"Version": {"Ref": "Version"}}, Parameters=version)]
    stack.parameters = [{"ParameterKey": "Version", "UsePreviousValue": True}]
    outputs.append(stack.deploy({"Other": QUEUE}, {"Version": {"Ref": "Version"}}, Parameters=version))

    assert (stack.status, outputs) == ("UPDATE_COMPLETE", [{"Version": "33"}] * 2)


def test_a_template_that_cannot_be_applied_fails_its_stack_at_once(stack):
    """No error 500, which the CDK CLI would repeat for a minute."""
    parameter = {"Missing": {"Type": "AWS::SSM::Parameter::Value<String>"}}
    stack.deploy({"Queue": QUEUE})
    stack.deploy({"Queue": QUEUE, "Other": QUEUE}, Parameters=parameter)

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


def test_what_the_conditions_leave_out_is_no_failure(stack):
    """A resource with a false condition is not created, and the stack is complete."""
    conditions = {"Never": {"Fn::Equals": ["a", "b"]}}
    stack.deploy({"Good": QUEUE, "Odd": {"Type": "AWS::Nobody::Knows", "Condition": "Never"}}, Conditions=conditions)

    assert stack.status == "CREATE_COMPLETE"


def test_reading_a_failed_stack_creates_nothing(aws, stack):
    """Its resources can be listed: those that exist."""
    stack.deploy({"Good": QUEUE, "Bad": named("not good")})

    found = aws.client("cloudformation").describe_stack_resources(StackName=stack.name)["StackResources"]

    assert [one["LogicalResourceId"] for one in found] == ["Good"]


def test_a_deleted_stack_leaves_nothing(aws, stack, unique):
    """Deleting the stack deletes what it created."""
    name = unique("gone")
    stack.deploy({"Queue": named(name)})
    stack.delete()

    assert "QueueUrls" not in aws.client("sqs").list_queues(QueueNamePrefix=name)
