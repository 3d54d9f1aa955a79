"""`take_messages`: messages of topic rules of IoT Core."""

import os
from pathlib import Path

from distributary.functions.start import Start
from distributary.functions.take_messages import build

handle = build(Start(os.environ, Path(__file__).parent))
