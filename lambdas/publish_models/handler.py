"""`publish_models`: told by CloudFormation after a deployment, raises the version of each model that has changed."""

import json
import os
from pathlib import Path

from distributary.clients import Clients
from distributary.detectors.carried import Models
from distributary.detectors.limits import AWS_LIMITS
from distributary.detectors.publishing import publisher
from distributary.detectors.store import Store
from distributary.settings import Settings

settings = Settings.from_env(os.environ)
configuration = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
store = Store(Clients().make("dynamodb"), settings.detector_table_name)
handle = publisher(Models(configuration["models"], AWS_LIMITS), store)
