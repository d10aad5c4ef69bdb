"""Make the worker image in the background, in a process of its own that outlives us.

It takes only the processor time that nobody else wants (``SCHED_IDLE``), so the work that asked for it is not
slowed, and it must not end with a command that is over in five seconds: else there would never be an image.
It ends by itself; of several started at once, one works and the others leave.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading

from jupyter_julia_aot.errors import JuliaAotError
from jupyter_julia_aot.records import Toolchain, from_json, to_json
from jupyter_julia_aot.settings import settings
from jupyter_julia_aot.trial.image import build_image, image_status

_asked: set[str] = set()
_lock = threading.Lock()


def want_image(toolchain: Toolchain) -> bool:
    """Start making the image unless it is there, is being made, cannot be, or is not wanted; whether it did.

    Asks once per Julia and process, and returns at once.
    """
    with _lock:
        if toolchain.path in _asked:
            return False
        _asked.add(toolchain.path)
    if settings().worker_image != "auto" or image_status(toolchain).state != "missing":
        return False
    command = [sys.executable, "-m", __name__, json.dumps(to_json(toolchain))]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:  # no process to be had: workers start as they did
        return False
    threading.Thread(target=process.wait, name="julia-aot-image", daemon=True).start()
    return True


def _be_modest() -> None:
    with contextlib.suppress(OSError):
        os.nice(19)
    with contextlib.suppress(OSError, AttributeError):  # Linux only
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def main(arguments: list[str]) -> int:
    """``python -m jupyter_julia_aot.trial.image_background TOOLCHAIN_AS_JSON``."""
    toolchain = from_json(Toolchain, json.loads(arguments[0]))
    _be_modest()
    if image_status(toolchain).state != "missing":
        return 0
    try:
        build_image(toolchain)
    except JuliaAotError:  # the reason is kept beside the place of the image, and `doctor` shows it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
