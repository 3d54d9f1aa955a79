"""`serve_detectors`: the detectors API."""

import os
from pathlib import Path

from distributary.functions.serve_detectors import build
from distributary.functions.start import Start

handle = build(Start(os.environ, Path(__file__).parent))
