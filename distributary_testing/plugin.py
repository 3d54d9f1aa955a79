"""pytest's fixtures: installed with the package, there in every test."""

from collections.abc import Iterator
from typing import Any

import pytest

from distributary_testing.catching import mock_iot_events
from distributary_testing.service import IotEvents


@pytest.fixture
def iot_events_options() -> dict[str, Any]:
    """The options of `iot_events`, for a test module or conftest to override; see IotEvents."""
    return {}


@pytest.fixture
def iot_events(iot_events_options: dict[str, Any]) -> Iterator[IotEvents]:
    """IoT Events for one test: boto3's clients that are made in it are answered in this process."""
    with mock_iot_events(**iot_events_options) as service:
        yield service
