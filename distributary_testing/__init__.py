"""AWS IoT Events inside a test: boto3's calls are answered in this process, by the engine that the stack runs."""

from distributary_testing.action import Action
from distributary_testing.catching import current, mock_iot_events
from distributary_testing.service import IotEvents

__all__ = ["Action", "IotEvents", "current", "mock_iot_events"]
