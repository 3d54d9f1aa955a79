"""`wake_detectors`: wake-ups that are due."""

import os
from pathlib import Path

from distributary.functions.start import Start
from distributary.functions.wake_detectors import build

handle = build(Start(os.environ, Path(__file__).parent))
