"""`ingest`: the events API, the AWS-compatible API and BatchPutMessage."""

import gc
import os
from pathlib import Path

from distributary.functions.keys_ahead import keys_ahead
from distributary.functions.start import Start

gc.disable()  # nothing that is made here ever goes: looking for it took 35 ms of a cold start
start = Start(os.environ, Path(__file__).parent)
keys = keys_ahead(start)

from distributary.functions.ingest import build  # noqa: E402 - the master secrets come meanwhile

handle = build(start, keys)
gc.freeze()
gc.enable()
