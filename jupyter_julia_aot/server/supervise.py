"""Run one command to its end in a session of its own: ``python -m … DIRECTORY``.

``DIRECTORY/job.json`` holds ``argv``; output goes to ``stdout`` and ``stderr`` there, the child's
process id to ``child`` and its exit code to ``exit`` (written last, atomically). SIGINT and SIGTERM are
passed on to the command; when it does not end within :data:`GRACE_SECONDS` its group is killed.
The Jupyter server can come and go meanwhile.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

GRACE_SECONDS = 5.0


def write(path: Path, text: str) -> None:
    """Write ``text`` so that a reader sees all of it or none."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def main(directory: Path) -> int:
    """Run the job in ``directory``; returns the command's exit code."""
    job = json.loads((directory / "job.json").read_text(encoding="utf-8"))
    with (directory / "stdout").open("wb") as out, (directory / "stderr").open("wb") as err:
        try:
            child = subprocess.Popen(
                job["argv"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=directory,
                start_new_session=True,
            )
        except OSError as error:
            err.write(f"cannot start {job['argv'][0]}: {error}\n".encode())
            write(directory / "exit", "127")
            return 127
        write(directory / "child", str(child.pid))

        def stop(number: int, frame: object) -> None:
            try:
                os.killpg(child.pid, signal.SIGINT)
            except ProcessLookupError:
                return  # it ended just now; wait() below has the code
            killer = threading.Timer(GRACE_SECONDS, _kill, (child.pid,))
            killer.daemon = True
            killer.start()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        code = child.wait()
    # Whatever the command left behind in its group goes with it.
    _kill(child.pid)
    write(directory / "exit", str(code))
    return code


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # nothing left, which is what was wanted


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])) and 1)
