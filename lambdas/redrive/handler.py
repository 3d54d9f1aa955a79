"""`redrive`: pending records to their sinks."""

import os
from pathlib import Path

from distributary.functions.redrive import build
from distributary.functions.start import Start

handle = build(Start(os.environ, Path(__file__).parent))
