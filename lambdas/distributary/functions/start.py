"""What a function starts with: its settings, the configuration in its asset, clients and a clock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from distributary.aws.bucket import Bucket, BucketSettings
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.settings import Settings, StageSettings

_Part = TypeVar("_Part", bound=Settings)


@dataclass(frozen=True)
class Start:
    """Everything that a function is built of; `folder` is its asset's."""

    environment: Mapping[str, str]
    folder: Path
    clock: Clock = field(default_factory=Clock)

    @cached_property
    def clients(self) -> Clients:
        """Makes clients of AWS."""
        return Clients(self.environment)

    def settings(self, part: type[_Part]) -> _Part:
        """A part of the settings. Raises SettingsError."""
        return part.from_env(self.environment)

    @cached_property
    def stage(self) -> StageSettings:
        """The part that every function has."""
        return self.settings(StageSettings)

    @cached_property
    def configuration(self) -> Mapping[str, Any]:
        """The asset's `configuration.json`: routes, rules, inputs, models."""
        configuration: Mapping[str, Any] = json.loads((self.folder / "configuration.json").read_bytes())
        return configuration

    @cached_property
    def bucket(self) -> Bucket:
        """The stage's bucket, whose client is made when it is first needed."""
        return Bucket(lambda: self.clients.make("s3"), self.settings(BucketSettings).bucket_name)
