"""`publish_models`: told by CloudFormation after a deployment, raises the version of each model that has changed."""

import os

from distributary.clients import Clients
from distributary.clock import Clock
from distributary.detectors.publishing import publisher
from distributary.detectors.store import Store
from distributary.settings import Settings

settings = Settings.from_env(os.environ)
handle = publisher(Store(Clients().make("dynamodb"), settings.detector_table_name), Clock())
