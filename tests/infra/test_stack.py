import json
import subprocess
from pathlib import Path

import pytest
from aws_cdk.assertions import Template

from distributary_cdk.stack import DistributaryStack

ROOT = Path(__file__).parent.parent.parent
STAGES = ("dev", "prod", "local")

TAKE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
CONSUME = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}

# Everything that a role of ours may do: role → resource → actions. A new permission changes this table.
PERMISSIONS = {
    "IngestRole": {
        "StreamsStream": {
            *{"kinesis:PutRecord", "kinesis:PutRecords", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary"},
            "kinesis:ListShards",
        },
        "StreamsDelivery": {"firehose:PutRecord", "firehose:PutRecordBatch", "firehose:DescribeDeliveryStream"},
        "IotEventsMessages": {"sqs:SendMessage"},
        "KeysTable": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "KeysSecret": {"secretsmanager:GetSecretValue"},
        **{f"Spill{sink}": {"sqs:SendMessage"} for sink in ("Firehose", "Kinesis", "IotEvents")},
        **{f"StreamsBucket/{prefix}/*": {"s3:PutObject"} for prefix in ("spill", "dead-letters", "claims")},
        "IngestLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "RedriveRole": {
        "StreamsStream": {"kinesis:PutRecords"},
        "StreamsDelivery": {"firehose:PutRecord", "firehose:PutRecordBatch"},
        "IotEventsMessages": {"sqs:SendMessage"},
        **{f"Spill{sink}": {"sqs:SendMessage", *TAKE} for sink in ("Firehose", "Kinesis", "IotEvents")},
        **{f"Spill{sink}SetAside": TAKE for sink in ("Firehose", "Kinesis", "IotEvents")},
        "StreamsBucket/spill/*": {"s3:PutObject", "s3:GetObject"},
        "StreamsBucket/dead-letters/*": {"s3:PutObject"},
        "RedriveLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "CheckHealthRole": {
        "StreamsStream": {"kinesis:DescribeStreamSummary"},
        "StreamsDelivery": {"firehose:DescribeDeliveryStream"},
        "IotEventsMessages": {"sqs:GetQueueAttributes"},
        **{f"Spill{sink}": {"sqs:GetQueueAttributes"} for sink in ("Firehose", "Kinesis", "IotEvents")},
        "CheckHealthLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "DetectorsRunDetectorsRole": {
        "IotEventsMessages": {*CONSUME, "sqs:ChangeMessageVisibility", "sqs:SendMessage"},
        "IotEventsDeadMessages": {"sqs:SendMessage"},
        "DetectorsTable": {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "DetectorsActions": {"sqs:SendMessage"},
        "StreamsBucket/actions/*": {"s3:PutObject", "s3:GetObject"},
        "StreamsBucket": {"s3:ListBucket"},
        "DetectorsWakes": {"sqs:SendMessage"},
        "arn::scheduler:::schedule/DetectorsSchedules/*": {"scheduler:CreateSchedule"},
        "DetectorsScheduleRole": {"iam:PassRole"},
        "DetectorsRunDetectorsLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "DetectorsCarryOutRole": {
        "DetectorsActions": {*CONSUME, "sqs:ChangeMessageVisibility"},
        "IotEventsMessages": {"sqs:SendMessage"},
        "DetectorsCarryOutLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "DetectorsWakeDetectorsRole": {
        "DetectorsWakes": CONSUME,
        "IotEventsMessages": {"sqs:SendMessage"},
        "DetectorsWakeDetectorsLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "DetectorsPublishModelsRole": {
        "DetectorsTable": {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"},
        "DetectorsPublishModelsLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "DetectorsServeDetectorsRole": {
        "DetectorsTable": {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"},
        "IotEventsMessages": {"sqs:SendMessage"},
        "DetectorsWakes": {"sqs:SendMessage"},
        "arn::scheduler:::schedule/DetectorsSchedules/*": {"scheduler:CreateSchedule"},
        "DetectorsScheduleRole": {"iam:PassRole"},
        "KeysTable": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "KeysSecret": {"secretsmanager:GetSecretValue"},
        "DetectorsServeDetectorsLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "DetectorsScheduleRole": {
        "IotEventsMessages": {"sqs:SendMessage"},
        "DetectorsLateWakes": {"sqs:SendMessage"},
    },
    "StreamsDeliveryRole": {
        "StreamsBucket": {"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
        "StreamsBucket/*": {"s3:AbortMultipartUpload", "s3:PutObject"},
        "StreamsDeliveryLogs": {"logs:PutLogEvents"},
    },
}

# What the actions of the samples need, which the stage `local` runs.
SAMPLES = {
    "DetectorsCarryOutRole": {
        **PERMISSIONS["DetectorsCarryOutRole"],
        "arn::iot:::topic/distributary/alarms/heartbeat/*": {"iot:Publish"},
        "arn::iot:::topic/distributary/alarms/temperature/*": {"iot:Publish"},
    },
}

# Where a new version takes over in steps.
RELEASE_PERMISSIONS = {
    "ReleaseRole": {
        "Ingest": {"lambda:GetAlias", "lambda:UpdateAlias"},
        "Ingest:*": {"lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"},
        "*": {"cloudwatch:DescribeAlarms"},
    },
}

# What each may do beside that with the stack's own key, where it has one: role → service → actions.
_SEND = {"kms:GenerateDataKey", "kms:Decrypt"}
_READ_TABLE = {"kms:Decrypt", "kms:DescribeKey"}
_WRITE_TABLE = {
    *_READ_TABLE,
    *{"kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"},
    *{"kms:ReEncryptFrom", "kms:ReEncryptTo"},
}
KEY_USES = {
    "IngestRole": {
        "kinesis": {"kms:GenerateDataKey"},
        "sqs": _SEND,
        "s3": {"kms:GenerateDataKey"},
        "dynamodb": _WRITE_TABLE,
        "secretsmanager": {"kms:Decrypt"},
    },
    "RedriveRole": {"kinesis": {"kms:GenerateDataKey"}, "sqs": _SEND, "s3": {"kms:GenerateDataKey", "kms:Decrypt"}},
    "DetectorsRunDetectorsRole": {"sqs": _SEND, "dynamodb": _WRITE_TABLE, "s3": {"kms:GenerateDataKey", "kms:Decrypt"}},
    "DetectorsCarryOutRole": {"sqs": _SEND},
    "DetectorsWakeDetectorsRole": {"sqs": _SEND},
    "DetectorsPublishModelsRole": {"dynamodb": _WRITE_TABLE},
    "DetectorsServeDetectorsRole": {"sqs": _SEND, "dynamodb": _WRITE_TABLE, "secretsmanager": {"kms:Decrypt"}},
    "DetectorsScheduleRole": {"sqs": _SEND},
    "IotRulesTakeMessagesRole": {"sqs": _SEND, "s3": {"kms:GenerateDataKey"}},
    "IotRulesErrorRole": {"sqs": _SEND},
    "StreamsDeliveryRole": {"s3": {"kms:GenerateDataKey", "kms:Decrypt"}},
}

# Where a resource names its key, by type.
KEY_PLACES = {
    "AWS::Kinesis::Stream": ("StreamEncryption", "KeyId"),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamEncryptionConfigurationInput", "KeyARN"),
    "AWS::S3::Bucket": (
        *("BucketEncryption", "ServerSideEncryptionConfiguration", 0),
        *("ServerSideEncryptionByDefault", "KMSMasterKeyID"),
    ),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::DynamoDB::GlobalTable": ("Replicas", 0, "SSESpecification", "KMSMasterKeyId"),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
}

# What stage local has more: a topic rule of IoT Core.
TOPIC_RULES = {
    "IotRulesTakeMessagesRole": {
        "IotEventsMessages": {"sqs:SendMessage"},
        "SpillIotEvents": {"sqs:SendMessage"},
        "IotRulesDeadRules": {"sqs:SendMessage"},
        **{f"StreamsBucket/{prefix}/*": {"s3:PutObject"} for prefix in ("spill", "dead-letters")},
        "IotRulesTakeMessagesLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "IotRulesErrorRole": {"IotRulesDeadRules": {"sqs:SendMessage"}},
}
TOPIC_RULE_OUTPUTS = {
    *{"TakeMessagesFunctionName", "TakeMessagesFunctionArn", "TakeMessagesLogGroupName", "RuleErrorQueueUrl"}
}

KEEPING_KEYS = ("AWS::DynamoDB::GlobalTable", "AWS::SecretsManager::Secret")

OUTPUTS = {
    *{
        "Sinks",
        "Stage",
        "Version",
        "Endpoint",
        "StreamName",
        "StreamArn",
        "DeliveryStreamName",
        "BucketName",
        "MessageQueueUrl",
    },
    *{"KeyTableName", "KeySecretArn"},
    *{"FirehoseSpillQueueUrl", "KinesisSpillQueueUrl", "IotEventsSpillQueueUrl"},
    *{"FirehoseSetAsideQueueUrl", "KinesisSetAsideQueueUrl", "IotEventsSetAsideQueueUrl"},
    *{"IngestAliasName", "RedriveFunctionName", "RedriveLogGroupName"},
    *{"IngestFunctionName", "HealthFunctionName", "IngestLogGroupName", "HealthLogGroupName", "DeliveryLogGroupName"},
    *{"DetectorTableName", "ActionQueueUrl", "DeadMessageQueueUrl", "DeadActionQueueUrl", "DeadWakeQueueUrl"},
    "LateWakeQueueUrl",
    *{
        f"{name}{kind}Name"
        for name in ("RunDetectors", "CarryOut", "WakeDetectors", "ServeDetectors", "PublishModels")
        for kind in ("Function", "LogGroup")
    },
}


def resources(template, kind):
    """The template's resources of a type, by logical id."""
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


@pytest.mark.parametrize("stage", STAGES)
def test_outputs(synthesised, stage):
    """A command finds everything it needs in the outputs, under names that do not change."""
    assert set(synthesised(stage)["Outputs"]) == OUTPUTS | (TOPIC_RULE_OUTPUTS if stage == "local" else set())


def test_endpoint_output(synthesised):
    """The endpoint is the API's own attribute, which is right wherever the stack is deployed."""
    template = synthesised()
    [api] = resources(template, "AWS::ApiGatewayV2::Api")

    assert template["Outputs"]["Endpoint"]["Value"] == {"Fn::GetAtt": [api, "ApiEndpoint"]}


@pytest.mark.parametrize("stage", STAGES)
def test_permissions(synthesised, stage):
    """Each role may do what the table says on the resource it says, and nothing else, in every stage."""
    assert permissions(synthesised(stage)) == PERMISSIONS | (TOPIC_RULES | SAMPLES if stage == "local" else {})


STACKS = (*STAGES, "careful", "told", "elsewhere")


@pytest.mark.parametrize("stack", STACKS)
def test_no_permission_stands_elsewhere(synthesised, stack):
    """Policies are a role's own or attached to one of the template's roles: no other kind, no user, no group."""
    template = synthesised(stack)
    roles = [{"Ref": name} for name in resources(template, "AWS::IAM::Role")]

    assert {each["Type"] for each in template["Resources"].values() if "::IAM::" in each["Type"]} == {
        *("AWS::IAM::Role", "AWS::IAM::Policy")
    }
    for policy in resources(template, "AWS::IAM::Policy").values():
        assert set(policy["Properties"]) == {"PolicyDocument", "PolicyName", "Roles"}
        assert all(role in roles for role in policy["Properties"]["Roles"])


@pytest.mark.parametrize("stack", STACKS)
def test_no_function_changes_a_key_but_for_its_last_use(synthesised, stack):
    """Nor puts or deletes one: a function that is taken over gives itself no rights."""
    conditions = []
    for policy in resources(synthesised(stack), "AWS::IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if '"KeysTable' in json.dumps(statement["Resource"]) and statement["Action"] != "dynamodb:GetItem":
                assert statement["Action"] == "dynamodb:UpdateItem"
                conditions.append(statement["Condition"])

    assert conditions
    only = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "last_used"]}}
    assert all(condition == only for condition in conditions)


def test_all_resources_are_named(synthesised):
    """No role may do anything to any resource, but for one action that the API checks against all of them."""
    everything = permissions(synthesised("careful")) | permissions(synthesised("told"))

    of_any = [(role, actions) for role, table in everything.items() for of, actions in table.items() if of == "*"]
    assert of_any == [("ReleaseRole", {"cloudwatch:DescribeAlarms"})]
    assert not [one for table in everything.values() for actions in table.values() for one in actions if "*" in one]


OF_THE_GROUP = {
    "aws:SourceAccount": {"Ref": "AWS::AccountId"},
    "aws:SourceArn": {"Fn::GetAtt": ["DetectorsSchedules98392DD5", "Arn"]},
}


@pytest.mark.parametrize("stack", STACKS)
def test_a_role_is_passed_to_the_scheduler_only(synthesised, stack):
    """Whoever may arm a timer could else run anything else with the role that it passes."""
    found = [
        (policy["Properties"]["Roles"][0]["Ref"][:-8], one["Condition"])
        for policy in resources(synthesised(stack), "AWS::IAM::Policy").values()
        for one in policy["Properties"]["PolicyDocument"]["Statement"]
        if one["Action"] == "iam:PassRole"
    ]
    passed = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}

    who = ("DetectorsRunDetectorsRole", "DetectorsServeDetectorsRole") if stack != "elsewhere" else ()
    assert sorted(found) == [(name, passed) for name in who]


@pytest.mark.parametrize("stack", STACKS)
def test_a_part_of_a_batch_can_fail(synthesised, stack):
    """Else Lambda would take what its function refuses for handled, or all of the batch for failed."""
    mappings = resources(synthesised(stack), "AWS::Lambda::EventSourceMapping").values()

    assert mappings
    assert [one["Properties"]["FunctionResponseTypes"] for one in mappings] == [["ReportBatchItemFailures"]] * len(
        mappings
    )


@pytest.mark.parametrize("stack", STACKS)
def test_who_assumes_a_role(synthesised, stack):
    """One service each; those that act for any account's resources, for this account's only."""
    by_service: dict[str, set[str]] = {}
    for name, role in resources(synthesised(stack), "AWS::IAM::Role").items():
        [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert (trust["Effect"], trust["Action"]) == ("Allow", "sts:AssumeRole")
        service = trust["Principal"]["Service"]
        by_service.setdefault(service, set()).add(name[:-8])
        if service == "iot.amazonaws.com":
            assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        if service == "scheduler.amazonaws.com":
            assert trust["Condition"] == {"StringEquals": OF_THE_GROUP}

    del by_service["lambda.amazonaws.com"]
    expected = {
        "firehose.amazonaws.com": {"StreamsDeliveryRole"},
        "scheduler.amazonaws.com": {"DetectorsScheduleRole"},
        "iot.amazonaws.com": {"IotRulesErrorRole"},
        "codedeploy.amazonaws.com": {"ReleaseRole"},
    }
    assert by_service == {service: expected[service] for service in by_service}


def test_what_empties_the_bucket(synthesised):
    """The CDK's own role, where a stage asks for it: it may log, and by the bucket's policy list and delete objects."""
    template = synthesised("dev")
    [role] = [name for name in resources(template, "AWS::IAM::Role") if name.startswith("Custom")]
    [policy] = resources(template, "AWS::S3::BucketPolicy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    [allowed] = [each for each in statements if each["Effect"] == "Allow"]

    properties = template["Resources"][role]["Properties"]
    assert set(properties) == {"AssumeRolePolicyDocument", "ManagedPolicyArns"}
    assert "service-role/AWSLambdaBasicExecutionRole" in json.dumps(properties["ManagedPolicyArns"])
    assert allowed["Principal"] == {"AWS": {"Fn::GetAtt": [role, "Arn"]}}
    assert set(allowed["Action"]) == {"s3:PutBucketPolicy", "s3:GetBucket*", "s3:List*", "s3:DeleteObject*"}


@pytest.mark.parametrize("stack", STACKS)
def test_who_may_call_a_function(synthesised, stack):
    """The API's own routes, and the topic rules of this account: no function is open to anyone else."""
    for permission in resources(synthesised(stack), "AWS::Lambda::Permission").values():
        properties = permission["Properties"]
        assert properties["Action"] == "lambda:InvokeFunction"
        assert properties["Principal"] in {"apigateway.amazonaws.com", "iot.amazonaws.com"}
        assert "SourceArn" in properties


def permissions(template):
    """Role → resource → actions, logical ids without their hash; a custom resource's role is the CDK's."""
    found: dict[str, dict[str, set[str]]] = {}
    for name, role in resources(template, "AWS::IAM::Role").items():
        if name.startswith("CustomS3AutoDeleteObjects"):
            continue
        attached = [
            policy["Properties"]
            for policy in resources(template, "AWS::IAM::Policy").values()
            if {"Ref": name} in policy["Properties"]["Roles"]
        ]
        assert "ManagedPolicyArns" not in role["Properties"]
        for policy in [*attached, *role["Properties"].get("Policies", [])]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow"
                actions = statement["Action"]
                of_role = found.setdefault(name[:-8], {})
                resource = statement["Resource"]
                through = via(statement)
                for each in resource if isinstance(resource, list) else [resource]:
                    of_role.setdefault(f"{named(each)}{through}", set()).update(
                        [actions] if isinstance(actions, str) else actions
                    )
    return found


def via(statement):
    """The one service through which a key may be used, as in ` via sqs`; any other use of a key fails."""
    if '"kms:' not in json.dumps(statement["Action"]):
        return ""
    service, region, domain = statement["Condition"]["StringEquals"]["kms:ViaService"]["Fn::Join"][1]
    assert (region, domain) == ({"Ref": "AWS::Region"}, ".amazonaws.com")
    return f" via {service.rstrip('.')}"


def named(resource):
    """The one resource that an ARN is of, without its hash; whatever else it is fails."""
    if isinstance(resource, str):
        return resource
    if "Ref" in resource:
        return "" if resource["Ref"].startswith("AWS::") else str(resource["Ref"][:-8])
    if "Fn::Join" in resource:
        parts = resource["Fn::Join"][1]
        return "".join(part if isinstance(part, str) else named(part) for part in parts)
    logical_id, attribute = resource["Fn::GetAtt"]
    assert attribute == "Arn"
    return logical_id[:-8]


def test_permissions_with_a_key(synthesised):
    """With a key of the stack's own each role may use it besides, through the services that it needs and no other."""
    expected = {
        role: {**table, **{f"Key via {service}": actions for service, actions in KEY_USES.get(role, {}).items()}}
        for role, table in (PERMISSIONS | RELEASE_PERMISSIONS | TOPIC_RULES).items()
    }

    assert permissions(synthesised("careful")) == expected


def test_everything_has_the_key(synthesised):
    """With a key of its own the stack encrypts with it whatever keeps data; the key rotates and stays with the data."""
    template = synthesised("careful")
    [key] = resources(template, "AWS::KMS::Key")
    kept = template["Resources"][key]
    arn = {"Fn::GetAtt": [key, "Arn"]}

    assert kept["Properties"]["EnableKeyRotation"] is True
    assert kept["DeletionPolicy"] == "RetainExceptOnCreate"
    for kind, place in KEY_PLACES.items():
        for name, each in resources(template, kind).items():
            assert found(each["Properties"], place) == arn, name
    assert {"KmsDataKeyReusePeriodSeconds"} <= {
        key for each in resources(template, "AWS::SQS::Queue").values() for key in each["Properties"]
    }


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_has_a_key(synthesised, stage):
    """Without the setting no key is made, and nothing names one but Kinesis, which names AWS's."""
    template = synthesised(stage)
    keys = {
        json.dumps(found(each["Properties"], place))
        for kind, place in KEY_PLACES.items()
        for each in resources(template, kind).values()
    }

    assert not resources(template, "AWS::KMS::Key")
    assert keys == {"null", '"alias/aws/kinesis"'}


def found(value, place):
    """What stands at a place of nested members; None where there is no such place."""
    for step in place:
        value = value[step] if isinstance(step, int) else value.get(step)
        if value is None:
            return None
    return value


@pytest.mark.parametrize(("stage", "versioned"), [("prod", True), ("dev", False)])
def test_the_only_copies(synthesised, stage, versioned):
    """A stage that retains its data can restore an object of its bucket, which holds dead letters and claim checks."""
    [bucket] = resources(synthesised(stage), "AWS::S3::Bucket").values()

    assert ("VersioningConfiguration" in bucket["Properties"]) is versioned


def test_clients_reach_the_alias(synthesised):
    """Every route of `ingest` leads to its alias; the version before stays when there is a newer one."""
    template = synthesised()
    [alias] = resources(template, "AWS::Lambda::Alias")
    [version] = resources(template, "AWS::Lambda::Version").values()
    targets = [
        each["Properties"]["IntegrationUri"] for each in resources(template, "AWS::ApiGatewayV2::Integration").values()
    ]
    reached = [each.get("Ref") or each["Fn::GetAtt"][0][:-8] for each in targets]

    assert alias in reached
    assert "Ingest" not in reached
    assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_tables_are_protected(synthesised):
    """Tables of a stage that retains its data cannot be deleted by one call, and can be restored to any second."""
    for stage, expected in (("prod", True), ("dev", False)):
        tables = resources(synthesised(stage), "AWS::DynamoDB::GlobalTable").values()
        replicas = [each["Properties"]["Replicas"][0] for each in tables]
        assert [each["DeletionProtectionEnabled"] for each in replicas] == [expected, expected]
        recovery = [each["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] for each in replicas]
        assert recovery == [expected, expected]


@pytest.mark.parametrize(
    ("stage", "policies"),
    [
        ("dev", {"Delete"}),
        ("prod", {"RetainExceptOnCreate", "Retain"}),
        ("careful", {"RetainExceptOnCreate", "Retain"}),
        ("local", {"Delete"}),
    ],
)
def test_what_holds_data(synthesised, stage, policies):
    """What holds data stays or goes with the stack as the stage says, and has no physical name to collide with.

    A failed creation leaves nothing but the tables, whose own protection a rollback could not get past.
    """
    kinds = ("AWS::Kinesis::Stream", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Logs::LogGroup", *KEEPING_KEYS)
    holding = [each for kind in kinds for each in resources(synthesised(stage), kind).values()]

    assert {each["DeletionPolicy"] for each in holding} == policies
    assert {each["Type"] for each in holding if each["DeletionPolicy"] == "Retain"} <= {"AWS::DynamoDB::GlobalTable"}
    for each in holding:
        if each["Type"] == "AWS::DynamoDB::GlobalTable":
            protected = each["Properties"]["Replicas"][0]["DeletionProtectionEnabled"]
            assert (each["DeletionPolicy"] == "Retain") is protected
    assert not [name for each in holding for name in each["Properties"] if name.endswith("Name")]


SAMPLE_MODELS = {"device_heartbeat", "temperature_alarm"}


@pytest.mark.parametrize(
    ("stage", "count", "models"), [("dev", 2, set()), ("prod", 1, set()), ("local", 2, SAMPLE_MODELS)]
)
def test_custom_resources(synthesised, stage, count, models):
    """Each stage has one that raises the models' versions, and only `local` has models; another empties a bucket."""
    kinds = [each["Type"] for each in synthesised(stage)["Resources"].values()]

    assert len([kind for kind in kinds if kind.startswith("Custom::")]) == count
    [published] = resources(synthesised(stage), "Custom::DetectorModels").values()
    assert set(published["Properties"]["Models"]) == models


def test_models_are_accepted_before_anybody_leaves_their_messages_out(synthesised):
    """Who sends to detectors changes after the models, who runs them before; so a refused removal loses no message."""
    template = synthesised("local")["Resources"]
    [published] = resources(synthesised("local"), "Custom::DetectorModels")
    after = {name for name, one in template.items() if published in one.get("DependsOn", ())}
    before = {name for name in template[published]["DependsOn"] if template[name]["Type"] == "AWS::Lambda::Function"}

    assert {name[:-8] for name in after} == {"Ingest", "Redrive", "IotRulesTakeMessages"}
    assert {name[:-8].removeprefix("Detectors") for name in before} == {
        *("RunDetectors", "CarryOut", "WakeDetectors", "PublishModels", "ServeDetectors")
    }


def test_the_removal_of_a_model_is_confirmed_to_the_deployment(new_app, configured):
    """By its name in `detectors.remove`."""
    stack = DistributaryStack(new_app(), "removing", configuration=configured(detectors={"remove": ("gone",)}))
    [published] = Template.from_stack(stack).find_resources("Custom::DetectorModels").values()

    assert published["Properties"]["Remove"] == ["gone"]


def test_any_account_and_region(synthesised):
    """Nothing in the template is tied to an account or a region."""
    text = json.dumps(synthesised("prod"))

    assert "123456789012" not in text
    assert "us-east-1" not in text
    assert "arn:aws:" not in text


def test_functions_know_the_stack(synthesised):
    """The functions get the names and the URL of this stack's own resources."""
    template = synthesised()
    [delivery] = resources(template, "AWS::KinesisFirehose::DeliveryStream")
    [stream] = resources(template, "AWS::Kinesis::Stream")

    for function in ("Ingest", "CheckHealth", "Redrive"):
        [deployed] = [
            each for name, each in resources(template, "AWS::Lambda::Function").items() if name[:-8] == function
        ]
        variables = deployed["Properties"]["Environment"]["Variables"]
        assert variables["DISTRIBUTARY_FIREHOSE_DELIVERY_STREAM_NAME"] == {"Ref": delivery}
        assert variables["DISTRIBUTARY_KINESIS_STREAM_NAME"] == {"Ref": stream}
        keys = {"DISTRIBUTARY_KEY_TABLE_NAME": "KeyTableName", "DISTRIBUTARY_KEY_SECRET_ARN": "KeySecretArn"}
        known = {name: template["Outputs"][output]["Value"] for name, output in keys.items()}
        of_keys = {**known, "DISTRIBUTARY_AUTH": "keys"}
        assert {name: value for name, value in variables.items() if name in of_keys} == (
            of_keys if function == "Ingest" else {}
        )
        assert variables["DISTRIBUTARY_IOT_EVENTS_MESSAGE_QUEUE_URL"] == template["Outputs"]["MessageQueueUrl"]["Value"]


def test_inputs_elsewhere(synthesised):
    """With another service's inputs the template has no message queue, and no right at AWS's service."""
    template = synthesised("elsewhere")

    assert all(name.startswith("Spill") for name in resources(template, "AWS::SQS::Queue"))
    assert "MessageQueueUrl" not in template["Outputs"]
    assert "AWS::IoTEvents" not in json.dumps(template)
    assert "iotevents:" not in json.dumps(template)


def test_built_in_validator(checked):
    """The CDK's own validator finds nothing in any stage."""
    reports = json.loads(Path(checked.outdir, "validation-report.json").read_text())["pluginReports"]

    assert [(one["violations"], one["suppressedViolations"]) for one in reports if any(one.values())] == []


def test_cfn_lint(checked):
    """cfn-lint finds nothing in any stage, nor in what is there by setting alone."""
    templates = [f"{checked.outdir}/{stage}.template.json" for stage in (*STAGES, "told", "careful")]

    run = subprocess.run(["cfn-lint", *templates], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (run.stdout, run.returncode) == ("", 0)


@pytest.mark.parametrize(("stage", "protected"), [("dev", False), ("prod", True), ("local", False)])
def test_termination_protection(checked, stage, protected):
    """A stage that retains its data is protected from deletion."""
    artifact = json.loads(Path(checked.outdir, "manifest.json").read_text())["artifacts"][stage]

    assert artifact["properties"].get("terminationProtection") is protected


@pytest.mark.parametrize("stage", [*STAGES, "elsewhere", "told"])
def test_every_queue_that_feeds_a_function_is_bounded(synthesised, stage):
    """What waits in queues cannot take all the environments that requests need."""
    mappings = resources(synthesised(stage), "AWS::Lambda::EventSourceMapping")

    bounds = {name: each["Properties"].get("ScalingConfig") for name, each in mappings.items()}
    assert len(bounds) >= 6
    assert [name for name, bound in bounds.items() if not bound or bound["MaximumConcurrency"] < 2] == []


@pytest.mark.parametrize(("stack", "most"), [("prod", [50, 50, 10]), ("careful", [3, 3, 3])])
def test_the_detectors_take_no_more_than_their_setting(synthesised, stack, most):
    """Messages, actions and wake-ups: an account with few executions can bound all three."""
    mappings = resources(synthesised(stack), "AWS::Lambda::EventSourceMapping")
    found = {name: each["Properties"]["ScalingConfig"]["MaximumConcurrency"] for name, each in mappings.items()}

    sources = ("DetectorsMessagesSource", "DetectorsActionsSource", "DetectorsWakesSource")
    assert [number for source in sources for name, number in found.items() if name[:-8] == source] == most


@pytest.mark.parametrize("stage", STAGES)
def test_no_environments_are_reserved(synthesised, stage):
    """A small account has none to give."""
    functions = resources(synthesised(stage), "AWS::Lambda::Function").values()

    assert not [each for each in functions if "ReservedConcurrentExecutions" in each["Properties"]]


def test_environments_are_reserved_by_setting(synthesised):
    """For the functions that the setting names, and no other."""
    functions = resources(synthesised("told"), "AWS::Lambda::Function")

    reserved = {name[:-8]: each["Properties"].get("ReservedConcurrentExecutions") for name, each in functions.items()}
    assert {name: count for name, count in reserved.items() if count} == {"Ingest": 100, "DetectorsRunDetectors": 50}


@pytest.mark.parametrize("stage", [*STAGES, "told"])
def test_every_route_is_throttled(synthesised, stage):
    """By its own rate and burst or the stage's; what anyone may call but nobody needs often, and `$default`, low."""
    template = synthesised(stage)
    [of_stage] = resources(template, "AWS::ApiGatewayV2::Stage").values()
    routes = {
        each["Properties"]["RouteKey"]: name for name, each in resources(template, "AWS::ApiGatewayV2::Route").items()
    }
    own, others = of_stage["Properties"]["RouteSettings"], of_stage["Properties"]["DefaultRouteSettings"]

    assert all(
        throttle["ThrottlingRateLimit"] and throttle["ThrottlingBurstLimit"] for throttle in (others, *own.values())
    )
    low = {"GET /v1/health", "HEAD /v1/health", "GET /", "GET /openapi.json", "GET /problems/{slug}", "$default"}
    low |= {"OPTIONS /v1/events"} & routes.keys()
    assert own.keys() == low <= routes.keys()
    assert max(throttle["ThrottlingRateLimit"] for throttle in own.values()) * 10 < others["ThrottlingRateLimit"]
    assert {routes[key] for key in own} <= {*of_stage["DependsOn"]}


@pytest.mark.parametrize("stage", [*STAGES, "elsewhere", "told", "careful"])
def test_only_over_tls(synthesised, stage):
    """Each queue, bucket and topic of the stack refuses everyone who comes without TLS."""
    template = synthesised(stage)
    guarded = {
        name
        for kind, member in POLICIES.items()
        for policy in resources(template, kind).values()
        if any(map(refuses_plain_text, policy["Properties"]["PolicyDocument"]["Statement"]))
        for name in policed(policy["Properties"][member])
    }

    kept = [name for kind in ("S3::Bucket", "SQS::Queue", "SNS::Topic") for name in resources(template, f"AWS::{kind}")]
    assert len(kept) >= 7
    assert [name for name in kept if name not in guarded] == []


POLICIES = {"AWS::S3::BucketPolicy": "Bucket", "AWS::SQS::QueuePolicy": "Queues", "AWS::SNS::TopicPolicy": "Topics"}


def policed(value):
    """The logical ids of what a policy is on: one reference or several."""
    return [each["Ref"] for each in (value if isinstance(value, list) else [value])]


def refuses_plain_text(statement):
    """Whether it denies everyone everything that is asked without TLS, on the resource as a whole."""
    return (
        statement["Effect"] == "Deny"
        and statement["Action"] in ("*", "s3:*", "sqs:*", "sns:*")
        and statement["Principal"] in ("*", {"AWS": "*"})
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )
