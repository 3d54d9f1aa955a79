"""`carry_out`: actions to their targets."""

import os
from pathlib import Path

from distributary.functions.carry_out import build
from distributary.functions.start import Start

handle = build(Start(os.environ, Path(__file__).parent))
