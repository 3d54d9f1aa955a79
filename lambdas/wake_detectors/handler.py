"""`wake_detectors`: wake-ups that are due in, each put among its detector's messages."""

import os

from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.iot_events.runtime.wake_ups import WakeUps, waker
from distributary.settings import Settings

settings = Settings.from_env(os.environ)
handle = waker(WakeUps(settings, Clients().make("sqs"), None, Clock()))
