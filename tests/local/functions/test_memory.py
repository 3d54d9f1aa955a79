import os

from own_process import killed_process

from local.functions.memory import MEBIBYTE, peak_bytes


def test_a_peak_is_seen_after_it_is_over() -> None:
    """The kernel remembers the most that a process has held."""
    before = peak_bytes(os.getpid())
    held = bytearray(b"x") * (before + 50 * MEBIBYTE)
    del held

    assert before > MEBIBYTE
    assert peak_bytes(os.getpid()) > before + 40 * MEBIBYTE


def test_who_has_ended_holds_nothing() -> None:
    """Whether somebody has waited for it or not."""
    with killed_process(["true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert peak_bytes(ended.pid) == 0
    assert peak_bytes(ended.pid) == 0
