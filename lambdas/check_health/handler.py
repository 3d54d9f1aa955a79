"""`check_health`: `GET` and `HEAD /v1/health`."""

import os
from pathlib import Path

from distributary.functions.check_health import build
from distributary.functions.start import Start

handle = build(Start(os.environ, Path(__file__).parent))
