"""Asking about and stopping processes on this machine without hitting a stranger.

A process id is only trusted together with the moment its process started: ids are reused.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from pathlib import Path

# A run's process must be one of these, so that a reused id is never signalled.
_OURS = re.compile(r"ipykernel|julia[-_]aot")

# A run is recorded a moment after its process began; clocks of /proc tick in 10 ms.
_SLACK_SECONDS = 2.0


def started_at(pid: int) -> float | None:
    """When process ``pid`` started (seconds since the epoch); ``None`` when there is none.

    Field 22 of ``/proc/PID/stat`` in clock ticks since boot (proc(5)), plus the boot time.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if boot is None or fields[0] in "ZX":
        return None
    return float(boot.group(1)) + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def command_of(pid: int) -> str:
    """The command line of ``pid`` with spaces between arguments; empty when unknown."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode("utf-8", errors="replace").strip()


def run_pid(kernel: str, started: float) -> int | None:
    """The living process of a run that recorded ``kernel`` (``"pid 123"``) at ``started``.

    ``None`` when it ended, or when another program now has that id.
    """
    match = re.fullmatch(r"pid (\d{1,10})", kernel)
    if match is None:
        return None
    pid = int(match.group(1))
    began = started_at(pid)
    if began is None or began > started + _SLACK_SECONDS or not _OURS.search(command_of(pid)):
        return None
    return pid


def is_kernel(pid: int) -> bool:
    """Whether ``pid`` is a notebook's kernel rather than a command line."""
    return "ipykernel" in command_of(pid)


def interrupt(pid: int) -> bool:
    """Send SIGINT (what the notebook's stop button sends); whether the process was there."""
    try:
        os.kill(pid, signal.SIGINT)
    except ProcessLookupError:
        return False
    return True


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send ``number`` to the whole process group that ``pid`` leads."""
    # It may end between our look and the signal; then there is nothing left to stop.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
