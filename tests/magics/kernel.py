"""A real kernel as a front end sees it."""

from __future__ import annotations

import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

Message = dict[str, Any]
SECONDS = 300.0


@dataclass
class Kernel:
    """One kernel and its client; ``seen`` holds every message of the output channel."""

    manager: Any
    client: Any
    seen: list[Message] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)

    def start(self, code: str) -> str:
        """Send a cell; returns its message id."""
        return str(self.client.execute(code, store_history=False))

    def follow(self, until: Callable[[Message], bool], seconds: float = SECONDS) -> Message:
        """Read output messages until one is what is wanted."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            last = [(m["msg_type"], m["content"].get("evalue", "")) for m in self.seen[-10:]]
            assert left > 0, f"nothing came; last: {last}"
            try:
                message = self.client.get_iopub_msg(timeout=min(left, 1.0))
            except queue.Empty:
                continue
            self.seen.append(message)
            if until(message):
                return dict(message)

    def wait(self, cell: str, seconds: float = SECONDS) -> Message:
        """The cell's reply, once its output has been read to the end."""
        self.follow(
            lambda m: (
                m["parent_header"].get("msg_id") == cell
                and m["msg_type"] == "status"
                and m["content"]["execution_state"] == "idle"
            ),
            seconds,
        )
        while True:
            reply = self.client.get_shell_msg(timeout=seconds)
            if reply["parent_header"].get("msg_id") == cell:
                return dict(reply["content"])

    def run(self, code: str) -> Message:
        """Run a cell to its end."""
        return self.wait(self.start(code))

    def text(self, cell_messages: int = 0) -> str:
        """What was printed since message number ``cell_messages``."""
        return "".join(m["content"]["text"] for m in self.seen[cell_messages:] if m["msg_type"] == "stream")

    def interrupt(self) -> float:
        """Press the stop button; returns when."""
        self.manager.interrupt_kernel()
        return time.monotonic()

    def child_pids(self) -> list[int]:
        """The kernel's living descendants."""
        parents: dict[int, int] = {}
        for path in Path("/proc").iterdir():
            if path.name.isdigit() and (parent := _parent(int(path.name))):
                parents[int(path.name)] = parent
        mine = {self.pid}
        while more := {p for p, parent in parents.items() if parent in mine} - mine:
            mine |= more
        return sorted(mine - {self.pid})

    def children(self) -> list[str]:
        """Their command lines."""
        return [
            Path(f"/proc/{p}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:100]
            for p in self.child_pids()
        ]

    def kill(self) -> None:
        """End the kernel as a crash would."""
        os.kill(self.pid, signal.SIGKILL)


def _parent(pid: int) -> int | None:
    """The parent of a living process, ``None`` for one that has ended."""
    try:
        state, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def alive(pid: int) -> bool:
    """Whether the process has not ended."""
    return _parent(pid) is not None


@contextmanager
def kernel(folder: Path, **environment: str) -> Iterator[Kernel]:
    """A kernel with the extension loaded, working in ``folder``."""
    env = {**os.environ, "JULIA_AOT_DATA_DIR": str(folder / "data"), **environment}
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder), env=env)
    try:
        one = Kernel(manager, client)
        assert one.run("%load_ext jupyter_julia_aot")["status"] == "ok"
        yield one
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=False)
        manager.cleanup_resources()


def widget_state(message: Message) -> dict[str, Any]:
    """The widget state that a message carries, ``{}`` when it carries none."""
    content = message["content"] if message["msg_type"] in ("comm_open", "comm_msg") else {}
    state: dict[str, Any] = content.get("data", {}).get("state", {})
    return state
