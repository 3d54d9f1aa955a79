"""`publish_models`: activates the stage's detector models."""

import os
from pathlib import Path

from distributary.functions.publish_models import build
from distributary.functions.start import Start

handle = build(Start(os.environ, Path(__file__).parent))
