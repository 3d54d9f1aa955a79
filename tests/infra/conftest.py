"""Constructs synthesised alone, without the validator's two seconds; and the whole stack, synthesised once for all."""

import json
from collections.abc import Callable
from dataclasses import is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from distributary_cdk.checks import CheckedApp
from distributary_cdk.configuration import Configuration, ReleasesProps, ReservedProps
from distributary_cdk.configuration_file import read
from distributary_cdk.entrance import DomainProps, JwtProps
from distributary_cdk.stack import DistributaryStack

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
def properties(stack: cdk.Stack) -> Callable[[str], dict[str, Any]]:
    """The properties of the stack's one resource of a type."""

    def find(kind: str) -> dict[str, Any]:
        [resource] = Template.from_stack(stack).find_resources(kind).values()
        return dict(resource["Properties"])

    return find


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory, configured: Callable[..., Configuration]) -> CheckedApp:
    """An app that was synthesised with every check: each shipped stage, and three stacks that no stage is.

    `retired` has AWS's own IoT Events; `told` has thresholds of its own for its alarms, and a topic, and what else of
    the endpoint is there by setting alone: a domain, tokens, reserved concurrency; `careful` is prod with a key of its
    own, releases in steps, the topic rules of local, and few detectors at the same time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CDK_VALIDATION", raising=False)
        app = CheckedApp(context=FLAGS, outdir=str(tmp_path_factory.mktemp("cdk.out")))
        others = {
            "retired": configured(iot_events={"provider": "endpoint"}),
            "told": configured(
                alarms=TOLD,
                http={
                    "domain": DOMAIN,
                    "jwt": JwtProps(issuer="https://issuer.example", audience=("a",), scopes=("b",)),
                },
                functions={"reserved_concurrency": ReservedProps(ingest=100, run_detectors=50)},
            ),
        }
        stages = {stage: read(ROOT / "distributary.toml", stage) for stage in ("dev", "prod", "local")}
        releases = ReleasesProps(shift="canary-10-percent-5-minutes")
        rules = stages["local"].iot_rules
        few = replace(stages["prod"].detectors, concurrency=3)
        others["careful"] = replace(
            stages["prod"], encryption="own-key", releases=releases, iot_rules=rules, detectors=few
        )
        for name, each in (stages | others).items():
            DistributaryStack(app, name, configuration=each)
        app.synth()
    return app


@pytest.fixture(scope="session")
def synthesised(checked: CheckedApp) -> Callable[..., dict[str, Any]]:
    """The template of a stage of the shipped configuration, or of one of the other three."""

    @cache
    def template(stage: str = "dev") -> dict[str, Any]:
        return dict(json.loads(Path(checked.outdir, f"{stage}.template.json").read_text()))

    return template
