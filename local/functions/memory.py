"""What a function's process has held of memory, as Lambda would count it.

Never by a limit on the process itself (RLIMIT_AS): it would raise MemoryError there, which a function can catch, and
Lambda lets nobody catch anything.
"""

from pathlib import Path

MEBIBYTE = 1024 * 1024


def peak_bytes(pid: int) -> int:
    """The most physical memory that a process has held, in bytes; 0 where it has ended, or where nothing tells.

    Linux keeps it (VmHWM), so a peak between two looks is seen as well. Source: proc_pid_status(5).
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
