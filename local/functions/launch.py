"""What a function's process runs: awslambdaric, with the deployment package and itself on the path and nothing else.

Run as `python -I -S launch.py <task root> <runtime folder> <handler>`; never imported.
"""

import fcntl
import os
import sys

task_root, runtime_root, handler = sys.argv[1:]

# Stdin is a pipe whose other end only the parent holds. When the parent is gone, however hard it died, the kernel sends
# SIGIO to this process's group and that ends it. PR_SET_PDEATHSIG would not do: it fires when the *thread* that
# started the process ends. Without this, a handler in an endless loop would outlive everything.
fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpid())
fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)

sys.path.insert(0, task_root)
sys.path.append(runtime_root)

from awslambdaric.__main__ import main  # noqa: E402 - the path above is what makes it importable

main(["awslambdaric", handler])
