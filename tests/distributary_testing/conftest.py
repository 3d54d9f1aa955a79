"""The package as users have it: its fixtures, and clients of boto3's."""

import boto3
import pytest

from distributary_testing import mock_iot_events
from distributary_testing.plugin import iot_events, iot_events_options

__all__ = ["iot_events", "iot_events_options"]


@pytest.fixture(scope="session")
def control():
    """A client of the control plane; made once, since that takes longer than any test."""
    with mock_iot_events():
        return boto3.client("iotevents", region_name="eu-west-1")


@pytest.fixture(scope="session")
def data():
    """A client of the Data API."""
    with mock_iot_events():
        return boto3.client("iotevents-data", region_name="eu-west-1")
