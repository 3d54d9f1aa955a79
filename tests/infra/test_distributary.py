import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from distributary import VERSION
from distributary.errors import BadDefinition, SettingsError
from distributary_cdk import AlarmsProps, BucketProps, DetectorsProps, Distributary, FunctionsProps, KinesisProps
from distributary_cdk.checks import CheckedApp

ROOT = Path(__file__).parents[2]
FLAGS = json.loads((ROOT / "cdk.json").read_text())["context"]
RULES = [{"sinks": ["firehose", "kinesis"]}]
MODELS = {
    "rules": RULES,
    "models": [ROOT / "examples/detectors"],
    "inputs": {"telemetry": {"attributes": ["deviceId"], "key": "deviceId"}},
}
# As different as two constructs of one stack may be.
FIRST = {**MODELS, "kinesis": KinesisProps(mode="provisioned", shards=2), "encryption": "own-key"}
SECOND = {"rules": RULES, "auth": "open", "retain": False, "bucket": BucketProps(empty_on_destroy=True, tiering_days=0)}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Two constructs in one stack, one each in two stacks, two in a stage, synthesised with every check."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CDK_VALIDATION", raising=False)
        app = CheckedApp(context=FLAGS, outdir=str(tmp_path_factory.mktemp("cdk.out")))
        both = cdk.Stack(app, "both")
        Distributary(both, "Events", **FIRST)
        Distributary(both, "Audit", **SECOND)
        for name, props in (("left", FIRST), ("right", SECOND)):
            Distributary(cdk.Stack(app, name), "Events", **props)
        stage = cdk.Stage(app, "Beta")
        inside = cdk.Stack(stage, "inside")
        Distributary(inside, "Events", **FIRST)
        Distributary(inside, "Audit", **SECOND)
        app.synth()
    return app


@pytest.fixture(scope="module")
def template(app):
    """The template of a stack, by its file."""

    def read(name):
        return json.loads(next(Path(app.outdir).rglob(f"{name}.template.json")).read_text())

    return read


def names_of(template, kind, key):
    """What the resources of a type are called."""
    return [one["Properties"].get(key) for one in template["Resources"].values() if one["Type"] == kind]


def test_every_check_passes(app):
    """cdk-nag and CloudFormation's own rules find nothing, wherever the construct is."""
    reports = json.loads(Path(app.outdir, "validation-report.json").read_text())["pluginReports"]

    assert [violation["ruleName"] for report in reports for violation in report["violations"]] == []


@pytest.mark.parametrize("name", ["both", "Betainside*"])
def test_two_in_one_stack_share_no_name(template, name):
    """APIs, dashboards, stages of metrics and outputs are named by the construct's path."""
    found = template(name)

    assert len(set(names_of(found, "AWS::ApiGatewayV2::Api", "Name"))) == 2
    assert len(set(names_of(found, "AWS::CloudWatch::Dashboard", "DashboardName"))) == 2
    outputs = found["Outputs"]
    assert {"EventsEndpoint", "AuditEndpoint", "EventsStage", "AuditStage"} <= outputs.keys()
    assert outputs["EventsStage"]["Value"] != outputs["AuditStage"]["Value"]


def test_each_has_its_own_props(template):
    """What one has, the other need not have."""
    found = template("both")

    streams = {
        name: one["Properties"] for name, one in found["Resources"].items() if one["Type"] == "AWS::Kinesis::Stream"
    }
    modes = {name[:6]: one["StreamModeDetails"]["StreamMode"] for name, one in streams.items()}
    assert modes == {"Events": "PROVISIONED", "AuditS": "ON_DEMAND"}
    kinds = [one["Type"] for one in found["Resources"].values()]
    assert kinds.count("AWS::KMS::Key") == 1
    assert kinds.count("AWS::SecretsManager::Secret") == 1


def test_one_construct_is_alarmed_for_itself_alone(template):
    """As many alarms for each as one has that is alone, and none twice."""
    both = template("both")["Resources"]
    alone = [template(name)["Resources"] for name in ("left", "right")]
    alarms = [
        len([one for one in found.values() if one["Type"] == "AWS::CloudWatch::Alarm"]) for found in (both, *alone)
    ]

    assert alarms[0] == alarms[1] + alarms[2] > 50


def test_a_wrong_prop_fails_in_python(new_app):
    """With every fault and its place, as in the file."""
    stack = cdk.Stack(new_app(), "wrong")

    with pytest.raises(SettingsError) as error:
        Distributary(stack, "Events", rules=[{"sinks": ["nosuch"]}], max_events=0, retain=True)

    assert error.value.faults == (
        "max_events = 0: must be from 1 to 100000",
        "rules[0].sinks: 'nosuch' is none of firehose, kinesis, iot_events",
    )


def test_what_exists_can_be_brought_along(new_app):
    """A stream, a bucket, a topic and a key: no new ones are made, and roles may use them with the keys they have."""
    stack = cdk.Stack(new_app(), "brought")
    key, theirs = kms.Key(stack, "Key"), kms.Key(stack, "Theirs")
    stream = kinesis.Stream(stack, "Stream", encryption=kinesis.StreamEncryption.KMS, encryption_key=theirs)
    bucket, topic = s3.Bucket(stack, "Bucket"), sns.Topic(stack, "Topic")

    api = Distributary(
        stack,
        "Events",
        rules=RULES,
        key=key,
        alarm_topic=topic,
        kinesis=KinesisProps(stream=stream),
        bucket=BucketProps(bucket=bucket),
    )

    template = Template.from_stack(stack).to_json()
    kinds = [one["Type"] for one in template["Resources"].values()]
    assert [kinds.count(f"AWS::{kind}") for kind in ("Kinesis::Stream", "S3::Bucket", "SNS::Topic", "KMS::Key")] == [
        1,
        1,
        1,
        2,
    ]
    assert (api.stream, api.bucket) == (stream, bucket)
    statements = statements_of(template, "EventsIngestRole")
    keys = {name: stack.resolve(one.key_arn) for name, one in (("own", key), ("theirs", theirs))}
    assert {"sqs", "dynamodb", "secretsmanager"} == uses_of(statements, keys["own"])
    assert uses_of(statements, keys["theirs"]) == {"kinesis"}
    [alarm, *_] = [
        one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert alarm["AlarmActions"] == [stack.resolve(topic.topic_arn)]


def test_the_outputs_name_the_version(template):
    """The one that the wheel has."""
    assert template("left")["Outputs"]["EventsVersion"]["Value"] == VERSION


def test_a_function_that_may_send(new_app):
    """It gets the endpoint, and may read the secret that its key is in; without keys it needs none."""
    stack = cdk.Stack(new_app(), "sending")
    senders = [
        lambda_.Function(
            stack, name, runtime=lambda_.Runtime.PYTHON_3_14, handler="a.b", code=lambda_.Code.from_inline(" ")
        )
        for name in ("One", "Two")
    ]
    secret = secretsmanager.Secret(stack, "Secret")
    closed = Distributary(stack, "Closed", rules=RULES)

    closed.grant_send(senders[0], secret)
    Distributary(stack, "Open", rules=RULES, auth="open").grant_send(senders[1])

    with pytest.raises(SettingsError, match="needs the secret"):
        closed.grant_send(senders[1])
    template = Template.from_stack(stack).to_json()
    variables = [
        one["Properties"]["Environment"]["Variables"]
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::Lambda::Function" and name[:3] in ("One", "Two")
    ]
    assert [sorted(one) for one in variables] == [
        ["DISTRIBUTARY_ENDPOINT", "DISTRIBUTARY_KEY_ARN"],
        ["DISTRIBUTARY_ENDPOINT"],
    ]
    [reading] = [
        one["Properties"]["PolicyDocument"]["Statement"]
        for name, one in template["Resources"].items()
        if name.startswith("OneServiceRoleDefaultPolicy")
    ]
    assert reading[0]["Resource"] == stack.resolve(secret.secret_arn)


def statements_of(template, role):
    """What a role's policy allows."""
    [policy] = [
        one["Properties"]["PolicyDocument"]["Statement"]
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::IAM::Policy" and name.startswith(f"{role}DefaultPolicy")
    ]
    return policy


def uses_of(statements, key):
    """The services by way of which a key may be used."""
    through = [one["Condition"]["StringEquals"]["kms:ViaService"] for one in statements if one["Resource"] == key]
    return {one["Fn::Join"][1][0].removesuffix(".") for one in through}


@pytest.mark.parametrize(
    ("props", "fault"),
    [
        ({"alarm_topic": "arn"}, "alarm_topic = 'arn': must be an SNS topic: it has no topic_arn"),
        (
            {"models": "detectors"},
            "models = 'detectors': must be the Path of a folder, or a list of them: it has no glob",
        ),
        ({"models": [ROOT, "detectors"]}, f"models = {[ROOT, 'detectors']}: must be the Path of a folder, or a list"),
        ({"functions": {"log_days": 30}}, "functions = {'log_days': 30}: must be FunctionsProps"),
        ({"colour": "red"}, "colour: unknown; known are stage, sinks"),
    ],
)
def test_an_object_of_another_kind_is_a_fault(new_app, props, fault):
    """Of what only Python can give, too."""
    with pytest.raises(SettingsError) as error:
        Distributary(cdk.Stack(new_app(), "wrong"), "Events", rules=RULES, **props)

    assert error.value.faults[0].startswith(fault), error.value.faults


@pytest.mark.parametrize(
    ("props", "fault"),
    [
        ({"models": ROOT / "nowhere"}, f"models = '{ROOT}/nowhere': there is no such folder"),
        (
            {"detectors": DetectorsProps(folders=["models"])},
            "detectors.folders: is for a configuration file; in Python",
        ),
    ],
)
def test_models_are_in_folders_that_there_are(new_app, props, fault):
    """A folder that nobody reads would leave the stage without its models."""
    with pytest.raises(BadDefinition) as error:
        Distributary(cdk.Stack(new_app(), "wrong"), "Events", **{**MODELS, "models": None, **props})

    assert error.value.faults[0].startswith(fault), error.value.faults


def test_props_are_checked_by_themselves():
    """Where they are written, before any construct is made."""
    for wrong in (
        lambda: KinesisProps(shards=0),
        lambda: AlarmsProps(p99_seconds="5"),
        lambda: FunctionsProps(log_days=2),
    ):
        with pytest.raises(SettingsError, match="must be"):
            wrong()
