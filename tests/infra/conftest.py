"""Constructs synthesised alone, with the app's feature flags and without the validator's two seconds."""

import json
from collections.abc import Callable
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from infra.configuration import Configuration, read

ROOT = Path(__file__).parent.parent.parent
FLAGS = json.loads((ROOT / "cdk.json").read_text())["context"]


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
