"""`ingest`: the events API, the AWS-compatible API and BatchPutMessage."""

import gc
import os
from pathlib import Path

from distributary.functions.ingest import build
from distributary.functions.start import Start

gc.disable()  # nothing that is made here ever goes: looking for it took 35 ms of a cold start
handle = build(Start(os.environ, Path(__file__).parent))
gc.freeze()
gc.enable()
