"""`run_detectors`: messages to their detectors."""

import os
from pathlib import Path

from distributary.functions.run_detectors import build
from distributary.functions.start import Start

handle = build(Start(os.environ, Path(__file__).parent))
