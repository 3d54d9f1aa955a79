import pytest

QUEUE = {"Type": "AWS::SQS::Queue"}
NO_ROLE = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"Code": {"ZipFile": "pass"}, "Role": "arn:aws:iam::123456789012:role/none", "Handler": "index.f"},
}


def named(name, **properties):
    """A queue."""
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}


def queues(aws, prefix):
    """The names of the queues that begin so."""
    urls = aws.client("sqs").list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])
    return sorted(url.rpartition("/")[2] for url in urls)


def timeout(aws, url):
    """A queue's visibility timeout."""
    given = {"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]}
    return aws.client("sqs").get_queue_attributes(**given)["Attributes"]["VisibilityTimeout"]


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


def test_a_failed_creation_leaves_nothing_behind(aws, stack, unique):
    """The stack says so by CloudFormation's statuses and events, which the CDK CLI reads; what was created is gone."""
    good = unique("good")
    stack.deploy({"Good": named(good), "Bad": named("not good")})

    assert stack.events() == [
        (stack.name, "REVIEW_IN_PROGRESS"),
        (stack.name, "CREATE_IN_PROGRESS"),
        ("Good", "CREATE_IN_PROGRESS"),
        ("Good", "CREATE_COMPLETE"),
        ("Bad", "CREATE_IN_PROGRESS"),
        ("Bad", "CREATE_FAILED"),
        (stack.name, "ROLLBACK_IN_PROGRESS"),
        ("Good", "DELETE_IN_PROGRESS"),
        ("Good", "DELETE_COMPLETE"),
        (stack.name, "ROLLBACK_COMPLETE"),
    ]
    assert stack.reasons("ROLLBACK_IN_PROGRESS") == {
        stack.name: "The following resource(s) failed to create: [Bad]. Rollback requested by user."
    }
    assert queues(aws, good) == []


def test_a_failed_creation_keeps_only_what_is_always_retained(aws, stack, unique):
    """`RetainExceptOnCreate` is no orphan after a rollback; `Retain` is one, and the events name it."""
    prefix = unique("kept")
    policies = ("Retain", "RetainExceptOnCreate", "Delete")
    resources = {policy: {**named(f"{prefix}-{policy}"), "DeletionPolicy": policy} for policy in policies}
    stack.deploy({**resources, "Bad": named("not good")})

    assert stack.status == "ROLLBACK_COMPLETE"
    assert queues(aws, prefix) == [f"{prefix}-Retain"]
    assert [key for key, status in stack.events() if status == "DELETE_SKIPPED"] == ["Retain"]


def test_a_rolled_back_stack_must_be_deleted_before_the_next_creation(stack):
    """It takes no update, and its name is taken, as with AWS; the CDK CLI deletes it by itself."""
    stack.deploy({"Bad": named("not good")})
    with pytest.raises(stack.client.exceptions.ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        stack.deploy({"Good": QUEUE})
    stack.kind = "CREATE"
    with pytest.raises(stack.client.exceptions.ClientError, match="already exists"):
        stack.deploy({"Good": QUEUE})
    stack.delete()
    stack.deploy({"Good": QUEUE})

    assert stack.status == "CREATE_COMPLETE"


def test_a_protected_stack_is_not_deleted(stack):
    """Not even one that was rolled back, until its termination protection is switched off."""
    stack.deploy({"Bad": named("not good")})
    protection = {"StackName": stack.name, "EnableTerminationProtection": True}
    stack.client.update_termination_protection(**protection)
    described = stack.client.describe_stacks(StackName=stack.name)["Stacks"][0]
    with pytest.raises(stack.client.exceptions.ClientError, match="while TerminationProtection is enabled"):
        stack.delete()
    stack.client.update_termination_protection(**protection | {"EnableTerminationProtection": False})

    assert described["EnableTerminationProtection"] is True
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_failed_change_is_tried_again_with_the_next_deployment(aws, stack, unique):
    """What it needs may exist by then."""
    dead = unique("dead")
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{dead}", "maxReceiveCount": 3}
    changed = {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": policy}}
    stack.deploy({"Queue": QUEUE})
    stack.deploy({"Queue": changed})
    failed = stack.status
    aws.client("sqs").create_queue(QueueName=dead)
    stack.deploy({"Queue": changed})

    assert (failed, stack.status) == ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE")


def test_a_failed_update_leaves_everything_as_it_was(aws, stack, unique):
    """What was changed is changed back, what was replaced is there again, what is new is gone; outputs are the old."""
    kept, old, new = unique("kept"), unique("old"), unique("new")
    before = {"Kept": named(kept, VisibilityTimeout=5), "Replaced": named(old)}
    outputs = {"Kept": {"Ref": "Kept"}, "Replaced": {"Ref": "Replaced"}}
    first = stack.deploy(before, outputs)
    aws.client("sqs").send_message(QueueUrl=first["Replaced"], MessageBody="still there")
    after = {"Kept": named(kept, VisibilityTimeout=7), "Replaced": named(f"{old}-2"), "New": named(new)}
    second = stack.deploy({**after, "Bad": named("not good")}, {})

    assert (stack.status, second) == ("UPDATE_ROLLBACK_COMPLETE", first)
    assert timeout(aws, first["Kept"]) == "5"
    assert queues(aws, old) == [old]
    assert queues(aws, new) == []
    assert aws.client("sqs").receive_message(QueueUrl=first["Replaced"])["Messages"][0]["Body"] == "still there"
    assert stack.reasons("UPDATE_ROLLBACK_IN_PROGRESS") == {
        stack.name: "The following resource(s) failed to create: [Bad]. "
    }
    stack.deploy({**after, "Bad": named(unique("good"))}, outputs)
    assert stack.status == "UPDATE_COMPLETE"


def test_a_failed_update_keeps_only_what_is_always_retained(aws, stack, unique):
    """Of what it created itself: so the next deployment of the same code meets no leftover."""
    prefix = unique("new")
    policies = ("Retain", "RetainExceptOnCreate", "Delete")
    resources = {policy: {**named(f"{prefix}-{policy}"), "DeletionPolicy": policy} for policy in policies}
    stack.deploy({"Queue": QUEUE})
    stack.deploy({"Queue": QUEUE, **resources, "Bad": named("not good")})

    assert queues(aws, prefix) == [f"{prefix}-Retain"]


@pytest.mark.parametrize(
    ("policy", "left"), [("Retain", True), ("RetainExceptOnCreate", True), ("Delete", False), (None, False)]
)
def test_what_is_retained_outlives_its_place_in_the_template_and_its_stack(aws, stack, unique, policy, left):
    """`RetainExceptOnCreate` is `Retain` for all but the operation that created the resource."""
    names = (unique("kept"), unique("kept"))
    removed, deleted = ({**named(name), **({"DeletionPolicy": policy} if policy else {})} for name in names)
    stack.deploy({"Removed": removed, "Deleted": deleted})
    stack.deploy({"Deleted": deleted})
    stack.delete()

    assert [queues(aws, name) for name in names] == [[name] if left else [] for name in names]


@pytest.mark.parametrize(("policy", "left"), [("Retain", True), ("Delete", False), (None, False)])
def test_a_replaced_resource_outlives_its_replacement_where_its_policy_says_so(aws, stack, unique, policy, left):
    """`UpdateReplacePolicy`, not `DeletionPolicy`."""
    name = unique("replaced")
    own = {"DeletionPolicy": "Retain", **({"UpdateReplacePolicy": policy} if policy else {})}
    stack.deploy({"Queue": {**named(name), **own}})
    stack.deploy({"Queue": {**named(f"{name}-2"), **own}})

    assert queues(aws, name) == ([name] if left else []) + [f"{name}-2"]


def test_who_refers_to_a_replaced_resource_follows(aws, stack, unique):
    """Its own part of the template is the same, what it refers to is not."""
    role, names = unique("role"), (unique("group"), unique("group"))
    reference = {"LogGroupName": {"Ref": "Group"}, "LogStreamName": role}
    outputs = {"Name": {"Ref": "Group"}}
    for name in names:
        group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}
        stack.deploy({"Group": group, "Stream": {"Type": "AWS::Logs::LogStream", "Properties": reference}}, outputs)
    logs = aws.client("logs")

    assert stack.status == "UPDATE_COMPLETE"
    assert [one["logStreamName"] for one in logs.describe_log_streams(logGroupName=names[1])["logStreams"]] == [role]
    assert logs.describe_log_groups(logGroupNamePrefix=names[0])["logGroups"] == []


def test_who_refers_to_a_changed_parameter_follows(aws, stack):
    """By its new value."""
    parameters = {"Seconds": {"Type": "String"}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": {"Ref": "Seconds"}}}
    for seconds in ("5", "7"):
        stack.parameters = [{"ParameterKey": "Seconds", "ParameterValue": seconds}]
        outputs = stack.deploy({"Queue": queue}, {"Url": {"Ref": "Queue"}}, Parameters=parameters)

    assert timeout(aws, outputs["Url"]) == "7"


def test_a_resource_with_a_name_of_its_own_is_not_replaced(aws, stack, unique):
    """AWS would need the name twice, and says so."""
    name = unique("named")
    stack.deploy({"Queue": named(name)})
    stack.deploy({"Queue": named(name, FifoQueue=True)})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "custom-named resource requires replacing" in stack.reasons("UPDATE_FAILED")["Queue"]
    assert queues(aws, name) == [name]


def test_a_resource_does_not_become_one_of_another_type(stack):
    """AWS refuses it."""
    stack.deploy({"Thing": QUEUE})
    stack.deploy({"Thing": {"Type": "AWS::Logs::LogGroup"}})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "Update of resource type is not permitted" in stack.reasons("UPDATE_FAILED")["Thing"]


def test_a_stack_is_deleted_but_for_what_cannot_be(aws, stack, unique):
    """It ends in DELETE_FAILED with the reason, without what could be deleted; the next attempt ends it."""
    name = unique("gone")
    table = {
        "Type": "AWS::DynamoDB::GlobalTable",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "Replicas": [{"Region": "us-east-1", "DeletionProtectionEnabled": True}],
        },
    }
    outputs = stack.deploy({"Table": table, "Queue": named(name)}, {"Table": {"Ref": "Table"}})
    failed = stack.delete()
    aws.client("dynamodb").update_table(TableName=outputs["Table"], DeletionProtectionEnabled=False)

    assert failed == "DELETE_FAILED"
    assert stack.reasons("DELETE_FAILED")[stack.name] == "The following resource(s) failed to delete: [Table]. "
    assert queues(aws, name) == []
    assert stack.delete() == "DELETE_COMPLETE"


def test_what_another_resource_needs_is_deleted_after_it(aws, stack, unique):
    """Also where the reference came with an update, so that the other resource is the older one."""
    name = unique("fed")
    stack.deploy({"Queue": named(name)})
    policy = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3}
    stack.deploy({"Queue": named(name, RedrivePolicy=policy), "Dead": QUEUE})
    stack.delete()
    deleted = [key for key, status in stack.events() if status == "DELETE_COMPLETE"]

    assert deleted == ["Queue", "Dead", stack.name]


def test_a_stack_without_a_change_set_is_one(aws, stack, unique):
    """`cdk deploy --method=direct` creates and updates so; protected at once where it asks for it."""
    client, name, body = stack.client, unique("direct"), '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    client.create_stack(StackName=name, TemplateBody=body, EnableTerminationProtection=True)
    created = client.describe_stacks(StackName=name)["Stacks"][0]
    with pytest.raises(client.exceptions.AlreadyExistsException):
        client.create_stack(StackName=name, TemplateBody=body)
    with pytest.raises(client.exceptions.ClientError, match="No updates are to be performed"):
        client.update_stack(StackName=name, TemplateBody=body)
    client.update_stack(StackName=name, TemplateBody=body.replace("SQS::Queue", "Nobody::Knows"))
    failed = client.describe_stacks(StackName=name)["Stacks"][0]

    assert (created["StackStatus"], created["EnableTerminationProtection"]) == ("CREATE_COMPLETE", True)
    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


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
    """Its resources can be listed: none is left."""
    stack.deploy({"Good": QUEUE, "Bad": named("not good")})

    assert aws.client("cloudformation").describe_stack_resources(StackName=stack.name)["StackResources"] == []


def test_a_deleted_stack_leaves_nothing(aws, stack, unique):
    """Deleting the stack deletes what it created."""
    name = unique("gone")
    stack.deploy({"Queue": named(name)})
    stack.delete()

    assert "QueueUrls" not in aws.client("sqs").list_queues(QueueNamePrefix=name)
