"""`publish_models`: told by CloudFormation after a deployment, raises the version of each model that has changed."""

import os

from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.model_versions import publisher
from distributary.settings import Settings

settings = Settings.from_env(os.environ)
handle = publisher(DetectorTable(Clients().make("dynamodb"), settings.detector_table_name), Clock())
