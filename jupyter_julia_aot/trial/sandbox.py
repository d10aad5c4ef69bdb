"""Start a program confined: ``sandlock`` (Landlock + seccomp), else bubblewrap, else refuse.

What a confined program may do, whatever the sandbox:

- read the system's libraries and programs (``/usr`` and its like), the paths in ``readable``, and its own
  scratch folder; write only in the scratch folder;
- no network of any kind; no signal to, and no look into, processes outside;
- an environment of exactly the variables it was given.

``sandbox="none"`` gives only the process limits and the environment; it has to be asked for by name.
``SECURITY.md`` tells what each one promises and where it ends.
"""

from __future__ import annotations

import functools
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from jupyter_julia_aot.errors import SandboxError
from jupyter_julia_aot.records import Limits, SandboxStatus
from jupyter_julia_aot.trial.confined import MARKER, ConfinedProcess, in_launcher, new_marker, spawn

SandboxName = Literal["auto", "sandlock", "bubblewrap", "none"]

SYSTEM_TREES = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin")
SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/alternatives",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
# Landlock does not guard who may do what with a file of ours that it hides: these calls go by a path.
_DENIED = (
    "chmod",
    "fchmodat",
    "chown",
    "lchown",
    "fchownat",
    "setxattr",
    "lsetxattr",
    "removexattr",
    "lremovexattr",
)
_MAX_OPEN_FILES = 512
_PROBE_SECONDS = 20.0


def launch(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    scratch: Path,
    readable: Sequence[Path | str] = (),
    limits: Limits | None = None,
    sandbox: SandboxName = "auto",
    change_modes: bool = False,
) -> ConfinedProcess:
    """Start ``command`` (its program an absolute path) confined, with live pipes on all three streams.

    ``environment`` is the whole environment; ``HOME`` and ``TMPDIR`` default to ``scratch``, which must
    exist and becomes the working directory. ``limits.memory_bytes`` (0: none) bounds the private memory of
    the whole process tree under sandlock, of each process elsewhere; ``limits.processes`` and
    ``limits.file_bytes`` hold for the tree and for each file. ``change_modes`` is for a program of ours that
    has to clean up after others, or keeps what it runs from it by a filter of its own: only then it may
    change the mode of files by their path.

    Raises ``SandboxError`` when the sandbox asked for, or any, cannot be used here.
    """
    limits = limits or Limits()
    name = choose_sandbox(sandbox)
    scratch = Path(scratch).resolve()
    marker = new_marker()
    variables = {
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        **environment,
        MARKER: marker,
    }
    trees = _existing([*SYSTEM_TREES, *SYSTEM_FILES, *(str(Path(p).resolve()) for p in readable)])
    try:
        if name == "sandlock":
            return _launch_sandlock(command, variables, scratch, trees, limits, marker, change_modes)
        if name == "bubblewrap":
            command = _bubblewrap_command(command, variables, scratch, trees, limits)
        else:
            command = _limited(command, limits)
        return spawn(command, environment=variables, cwd=scratch, marker=marker, sandbox=name)
    except (OSError, RuntimeError, ValueError) as error:
        raise SandboxError(
            f"{name} would not start {command[0]}: {error}",
            remedy="`jupyter julia-aot doctor` says what this machine's sandboxes can do",
        ) from error


def choose_sandbox(sandbox: str = "auto") -> Literal["sandlock", "bubblewrap", "none"]:
    """The sandbox that ``launch`` would use. Raises ``SandboxError`` when there is none."""
    statuses = {s.name: s for s in sandbox_statuses()}
    if sandbox == "auto":
        for name in ("sandlock", "bubblewrap"):
            if statuses[name].usable:
                return statuses[name].name
        reasons = "; ".join(f"{s.name}: {s.reason}" for s in statuses.values() if not s.usable)
        raise SandboxError(
            f"no sandbox can be used on this machine ({reasons})",
            remedy="install bubblewrap (`apt install bubblewrap`), or, knowing that a model's programs will "
            "then run with your rights, set sandbox='none'",
        )
    if sandbox not in statuses:
        raise SandboxError(
            f"there is no sandbox {sandbox!r}", remedy=f"choose one of auto, {', '.join(statuses)}"
        )
    status = statuses[sandbox]
    if not status.usable:
        raise SandboxError(
            f"{status.name} cannot be used on this machine: {status.reason}", remedy="set sandbox='auto'"
        )
    return status.name


@functools.lru_cache(maxsize=1)
def sandbox_statuses() -> tuple[SandboxStatus, ...]:
    """Every way to confine a worker, each tried once with a program in it (50 ms, then cached)."""
    return (
        _sandlock_status(),
        _bubblewrap_status(),
        SandboxStatus(name="none", usable=True, reason="no protection; only when asked for by name"),
    )


# ---------------------------------------------------------------- sandlock


def _sandlock_status() -> SandboxStatus:
    if platform.system() != "Linux":
        return SandboxStatus(name="sandlock", usable=False, reason="needs Linux")
    try:
        import sandlock
    except (ImportError, OSError) as error:
        return SandboxStatus(name="sandlock", usable=False, reason=f"not installed: {error}")
    abi = sandlock.landlock_abi_version()
    if abi < 1:
        return SandboxStatus(name="sandlock", usable=False, reason="this kernel has no Landlock")
    reason = _probe("sandlock")
    return SandboxStatus(
        name="sandlock", usable=not reason, reason=reason, degraded=_missing_protections(abi)
    )


# The Landlock ABI that brought each protection (Linux 5.19, 6.2, 6.7, 6.10, 6.12, 6.12).
_PROTECTION_ABI = {
    "FS_REFER": 2,
    "FS_TRUNCATE": 3,
    "NET_TCP": 4,
    "FS_IOCTL_DEV": 5,
    "SIGNAL_SCOPE": 6,
    "ABSTRACT_UNIX_SOCKET_SCOPE": 6,
}


def _missing_protections(abi: int) -> tuple[str, ...]:
    return tuple(name for name, needed in _PROTECTION_ABI.items() if abi < needed)


def _launch_sandlock(
    command: Sequence[str],
    variables: Mapping[str, str],
    scratch: Path,
    trees: Sequence[str],
    limits: Limits,
    marker: str,
    change_modes: bool = False,
) -> ConfinedProcess:
    import sandlock

    missing = _missing_protections(sandlock.landlock_abi_version())
    box = sandlock.Sandbox(
        fs_readable=[*trees, "/proc", *_existing(_DEVICES)],
        fs_writable=[str(scratch), "/dev/null"],
        max_memory=limits.memory_bytes or None,
        max_processes=limits.processes,
        max_open_files=_MAX_OPEN_FILES,
        extra_deny_syscalls=() if change_modes else _DENIED,
        clean_env=True,
        env=dict(variables),
        cwd=str(scratch),
        allow_degraded=[sandlock.Protection[name] for name in missing],
    )
    piped = sandlock.StdioMode.PIPED
    # prlimit: sandlock has no limit on file sizes or core dumps of its own.
    line = _limited(command, limits, memory=False)

    def start() -> ConfinedProcess:
        process = box.popen(line, stdin=piped, stdout=piped, stderr=piped)
        return ConfinedProcess.from_sandlock(process, marker=marker)

    return in_launcher(start)


# ---------------------------------------------------------------- bubblewrap


def _bubblewrap_status() -> SandboxStatus:
    if shutil.which("bwrap") is None:
        return SandboxStatus(name="bubblewrap", usable=False, reason="`bwrap` is not installed")
    reason = _probe("bubblewrap")
    return SandboxStatus(name="bubblewrap", usable=not reason, reason=reason)


def _bubblewrap_command(
    command: Sequence[str],
    variables: Mapping[str, str],
    scratch: Path,
    trees: Sequence[str],
    limits: Limits,
) -> list[str]:
    line = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
    line += ["--cap-drop", "ALL", "--clearenv"]
    for name, value in variables.items():
        line += ["--setenv", name, value]
    for tree in trees:
        target = Path(tree)
        if target.is_symlink():  # /lib → usr/lib
            line += ["--symlink", str(target.readlink()), tree]
        else:
            line += ["--ro-bind", tree, tree]
    line += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--bind",
        str(scratch),
        str(scratch),
        "--chdir",
        str(scratch),
    ]
    return [*line, "--", *_limited(command, limits)]


# ---------------------------------------------------------------- shared


def _limited(command: Sequence[str], limits: Limits, memory: bool = True) -> list[str]:
    """The command behind util-linux's ``prlimit``, which every Linux system has."""
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        return list(command)
    line = [prlimit, "--core=0", f"--nofile={_MAX_OPEN_FILES}", f"--fsize={limits.file_bytes}"]
    if memory and limits.memory_bytes:
        # Counts private writable memory, so Julia's large read-only and reserved mappings are free.
        line.append(f"--data={limits.memory_bytes}")
    return [*line, "--", *command]


def _existing(paths: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(path for path in paths if Path(path).exists()))


def _probe(name: Literal["sandlock", "bubblewrap"]) -> str:
    """Run ``true`` in the sandbox; the empty string when that worked, else why it did not."""
    with tempfile.TemporaryDirectory(prefix="julia-aot-probe-") as folder:
        scratch, limits = Path(folder), Limits()
        try:
            program = shutil.which("true") or "/bin/true"
            if name == "sandlock":
                trees = _existing([*SYSTEM_TREES, *SYSTEM_FILES])
                process = _launch_sandlock([program], {}, scratch, trees, limits, new_marker())
            else:
                line = _bubblewrap_command([program], {}, scratch, _existing(SYSTEM_TREES), limits)
                process = spawn(line, environment={}, cwd=scratch, marker=new_marker(), sandbox=name)
            with process:
                code = process.wait(_PROBE_SECONDS)
                message = process.stderr.read(2000).decode(errors="replace").strip() if code else ""
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            return f"it does not start here: {error}"
    if code == 0:
        return ""
    return f"it does not start here: {message or f'exit code {code}'}"
