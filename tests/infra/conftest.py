"""Constructs synthesised alone, without the validator's two seconds; and the whole stack, synthesised once for all."""

import json
from collections.abc import Callable
from dataclasses import is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template
from constructs import Construct

from distributary_cdk.checks import CheckedApp
from distributary_cdk.configuration import Configuration, ReleasesProps, ReservedProps
from distributary_cdk.configuration_file import read
from distributary_cdk.encryption import own_key
from distributary_cdk.entrance import DomainProps, HttpProps, JwtProps
from distributary_cdk.sinks.sink import Shared
from distributary_cdk.stack import DistributaryStack
from distributary_cdk.storage import Storage

ROOT = Path(__file__).parent.parent.parent
FLAGS = json.loads((ROOT / "cdk.json").read_text())["context"]
DOMAIN = DomainProps(
    name="events.example.com",
    certificate="arn:aws:acm:eu-west-1:123456789012:certificate/0f0f-1",
    zone_id="Z0123456789ABC",
)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:calls"
TOLD = {
    "on": True,
    "topic": TOPIC,
    "period_minutes": 10,
    "error_percent": 7,
    "p99_seconds": 2,
    "slow_minutes": 30,
    "queue_age_seconds": 99,
    "refused_keys": 5,
    "spilling_minutes": 4,
    "throttled_minutes": 9,
    "timeout_percent": 50,
    "behind_percent": 25,
    "delivery_late_seconds": 300,
}


@pytest.fixture(scope="session")
def new_app(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., cdk.App]:
    """Makes an app as the CLI would, but where nothing stays behind."""

    def make(*, validation: bool = False) -> cdk.App:
        outdir = str(tmp_path_factory.mktemp("cdk.out"))
        return cdk.App(context=FLAGS, outdir=outdir, builtin_cloud_formation_validation=validation)

    return make


@pytest.fixture
def stack(new_app: Callable[..., cdk.App]) -> cdk.Stack:
    """A bare stack to put one construct into."""
    return cdk.Stack(new_app(), "alone")


@pytest.fixture(scope="session")
def configuration() -> Configuration:
    """The shipped configuration of stage dev."""
    return read(ROOT / "distributary.toml", "dev")


@pytest.fixture(scope="session")
def configured(configuration: Configuration) -> Callable[..., Configuration]:
    """The same with some of its values replaced: `configured(kinesis={"shards": 2}, retain=True)`."""

    def change(**changes: Any) -> Configuration:
        if changes.get("retain"):  # what dev does with its objects would contradict it
            changes["bucket"] = {"empty_on_destroy": False, **changes.get("bucket", {})}
        for name, value in changes.items():
            section = getattr(configuration, name)
            changes[name] = replace(section, **value) if is_dataclass(section) else value
        return replace(configuration, **changes)

    return change


@pytest.fixture
def shared(stack: cdk.Stack, configured: Callable[..., Configuration]) -> Callable[..., Shared]:
    """Makes what the sinks of the bare stack share: `shared(kinesis={"shards": 2})`."""

    def make(**changes: Any) -> Shared:
        configuration = configured(**changes)
        key, streams = own_key(stack, configuration), Construct(stack, "Streams")
        return Shared(
            configuration=configuration,
            key=key,
            storage=Storage(streams, configuration=configuration, key=key),
            streams=streams,
            retry_queues=Construct(stack, "Spill"),
        )

    return make


@pytest.fixture
def permissions_of(stack: cdk.Stack) -> Callable[[iam.IRole], dict[str, set[str]]]:
    """What a role's own policy lets it do: action → the logical ids of resources without hash, with what follows."""

    def find(role: iam.IRole) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for policy in Template.from_stack(stack).find_resources("AWS::IAM::Policy").values():
            if policy["Properties"]["Roles"] == [stack.resolve(role.role_name)]:
                for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                    for action in as_list(statement["Action"]):
                        found.setdefault(action, set()).update(map(named, as_list(statement["Resource"])))
        return found

    return find


@pytest.fixture
def granted(
    stack: cdk.Stack, permissions_of: Callable[[iam.IRole], dict[str, set[str]]]
) -> Callable[..., dict[str, set[str]]]:
    """What grants let a role do, as `permissions_of` has it; asked once, after all of the stack is made."""

    def find(*grants: Callable[[iam.Role], None]) -> dict[str, set[str]]:
        role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        for grant in grants:
            grant(role)
        return permissions_of(role)

    return find


def as_list(value: Any) -> list[Any]:
    """A list as it is, anything else as the one member of a list."""
    return value if isinstance(value, list) else [value]


def named(arn: Any) -> str:
    """The ARN's resource by its logical id without hash, and what follows it."""
    if "Fn::Join" in arn:
        return "".join(part if isinstance(part, str) else named(part) for part in arn["Fn::Join"][1])
    return str(next(iter(arn.values()))[0])[:-8] if "Fn::GetAtt" in arn else ""


@pytest.fixture
def properties(stack: cdk.Stack) -> Callable[[str], dict[str, Any]]:
    """The properties of the stack's one resource of a type."""

    def find(kind: str) -> dict[str, Any]:
        [resource] = Template.from_stack(stack).find_resources(kind).values()
        return dict(resource["Properties"])

    return find


@pytest.fixture(scope="session")
def configurations(configured: Callable[..., Configuration]) -> dict[str, Configuration]:
    """The configuration of each stack that the tests synthesise: each shipped stage, and four stacks that no stage is.

    `elsewhere` has its inputs at another stack. `told` has thresholds of its own for its alarms, a topic, and what
    else of the endpoint is there by setting alone: a domain, tokens, reserved concurrency. `careful` is prod with a
    key of its own, releases in steps, the topic rules of local, and few detectors at the same time. `url` is prod with
    a function URL, and the detector models of local.
    """
    stages = {stage: read(ROOT / "distributary.toml", stage) for stage in ("dev", "prod", "local")}
    others = {
        "elsewhere": configured(iot_events={"provider": "endpoint", "endpoint": "https://iot.example"}),
        "told": configured(
            alarms=TOLD,
            http={"domain": DOMAIN, "jwt": JwtProps(issuer="https://issuer.example", audience=("a",), scopes=("b",))},
            functions={"reserved_concurrency": ReservedProps(ingest=100, run_detectors=50)},
        ),
        "careful": replace(
            stages["prod"],
            encryption="own-key",
            releases=ReleasesProps(shift="canary-10-percent-5-minutes"),
            iot_rules=stages["local"].iot_rules,
            detectors=replace(stages["prod"].detectors, concurrency=3),
        ),
        "url": replace(
            stages["prod"],
            http=HttpProps(front="function-url", cors_origins=("https://a.example",)),
            functions=replace(stages["prod"].functions, reserved_concurrency=ReservedProps(ingest=40)),
            models=stages["local"].models,
        ),
    }
    return stages | others


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory, configurations: dict[str, Configuration]) -> CheckedApp:
    """An app of all of these stacks that was synthesised with every check."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CDK_VALIDATION", raising=False)
        app = CheckedApp(context=FLAGS, outdir=str(tmp_path_factory.mktemp("cdk.out")))
        for name, each in configurations.items():
            DistributaryStack(app, name, configuration=each)
        app.synth()
    return app


@pytest.fixture(scope="session")
def synthesised(checked: CheckedApp) -> Callable[..., dict[str, Any]]:
    """The template of a stage of the shipped configuration, or of one of the other four."""

    @cache
    def template(stage: str = "dev") -> dict[str, Any]:
        return dict(json.loads(Path(checked.outdir, f"{stage}.template.json").read_text()))

    return template
