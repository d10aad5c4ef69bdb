"""The system calls that a candidate's process may make, and a session's may not, as seccomp programs.

For a candidate everything that is not on the list fails with ``EPERM``: sockets, ``execve``, new processes
and threads, ``ptrace``, mounts, keys, ``io_uring``, ``bpf``, a file's mode and times (which Landlock does not
guard), … Signals may go to the process itself only. Julia needs no more than this list to load, compile and
run pure code.

Source of the numbers: the kernel's ``arch/x86/entry/syscalls/syscall_64.tbl`` and
``include/uapi/asm-generic/unistd.h`` (64-bit Arm). Of the format: ``linux/filter.h``, ``linux/seccomp.h``.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Iterable
from functools import lru_cache

PID_PLACEHOLDER = 0x70696421
"""Stands for the process id in the program; ``system.jl`` replaces it after the fork."""

_X86_64 = {
    "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8,
    "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
    "rt_sigreturn": 15, "pread64": 17, "pwrite64": 18, "readv": 19, "writev": 20, "access": 21, "pipe": 22,
    "select": 23, "sched_yield": 24, "mremap": 25, "msync": 26, "mincore": 27, "madvise": 28, "dup": 32,
    "dup2": 33, "nanosleep": 35, "getitimer": 36, "alarm": 37, "setitimer": 38, "getpid": 39, "exit": 60,
    "wait4": 61, "uname": 63, "flock": 73, "fsync": 74, "fdatasync": 75, "truncate": 76,
    "ftruncate": 77, "getcwd": 79, "chdir": 80, "fchdir": 81, "rename": 82, "mkdir": 83,
    "rmdir": 84, "creat": 85,
    "link": 86, "unlink": 87, "symlink": 88, "readlink": 89,
    "umask": 95, "gettimeofday": 96,
    "getrlimit": 97, "getrusage": 98, "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104,
    "geteuid": 107, "getegid": 108, "getppid": 110, "getpgrp": 111, "sigaltstack": 131,
    "statfs": 137, "fstatfs": 138, "sched_getparam": 143, "sched_getscheduler": 145, "gettid": 186,
    "time": 201, "futex": 202, "sched_getaffinity": 204, "epoll_create": 213, "getdents64": 217,
    "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230,
    "exit_group": 231, "epoll_wait": 232, "epoll_ctl": 233, "inotify_init": 253,
    "inotify_add_watch": 254, "inotify_rm_watch": 255, "openat": 257, "mkdirat": 258, "newfstatat": 262,
    "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "readlinkat": 267,
    "faccessat": 269, "pselect6": 270, "ppoll": 271, "set_robust_list": 273, "get_robust_list": 274,
    "epoll_pwait": 281, "timerfd_create": 283, "eventfd": 284, "fallocate": 285,
    "timerfd_settime": 286, "timerfd_gettime": 287, "eventfd2": 290, "epoll_create1": 291, "dup3": 292,
    "pipe2": 293, "inotify_init1": 294, "preadv": 295, "pwritev": 296, "getcpu": 309, "renameat2": 316,
    "getrandom": 318, "membarrier": 324, "preadv2": 327, "pwritev2": 328, "statx": 332, "rseq": 334,
    "faccessat2": 439, "epoll_pwait2": 441,
}  # fmt: skip
_AARCH64 = {
    "getcwd": 17, "eventfd2": 19, "epoll_create1": 20, "epoll_ctl": 21, "epoll_pwait": 22, "dup": 23,
    "dup3": 24, "inotify_init1": 26, "inotify_add_watch": 27, "inotify_rm_watch": 28,
    "flock": 32, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37, "renameat": 38, "statfs": 43,
    "fstatfs": 44, "truncate": 45, "ftruncate": 46, "fallocate": 47, "faccessat": 48, "chdir": 49,
    "fchdir": 50, "openat": 56, "close": 57, "pipe2": 59, "getdents64": 61,
    "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "pread64": 67, "pwrite64": 68,
    "preadv": 69, "pwritev": 70, "pselect6": 72, "ppoll": 73, "readlinkat": 78, "newfstatat": 79,
    "fstat": 80, "fsync": 82, "fdatasync": 83, "timerfd_create": 85, "timerfd_settime": 86,
    "timerfd_gettime": 87, "exit": 93, "exit_group": 94, "futex": 98,
    "set_robust_list": 99, "get_robust_list": 100, "nanosleep": 101, "getitimer": 102, "setitimer": 103,
    "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115, "sched_getscheduler": 120,
    "sched_getparam": 121, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128,
    "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "times": 153,
    "uname": 160, "getrusage": 165, "umask": 166, "getcpu": 168, "gettimeofday": 169, "getpid": 172,
    "getppid": 173, "getuid": 174, "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178,
    "sysinfo": 179, "brk": 214, "wait4": 260, "munmap": 215,
    "mremap": 216, "mmap": 222,
    "mprotect": 226, "msync": 227, "mincore": 232, "madvise": 233, "renameat2": 276,
    "getrandom": 278, "membarrier": 283, "preadv2": 286,
    "pwritev2": 287, "statx": 291, "rseq": 293, "faccessat2": 439, "epoll_pwait2": 441,
}  # fmt: skip

# What changes the mode of a file by its path: chmod, fchmodat, fchmodat2.
_X86_64_MODES = (90, 268, 452)
_AARCH64_MODES = (53, 452)
# What changes the owner or the attributes of a file by its path: chown, lchown, fchownat, setxattr,
# lsetxattr, setxattrat, removexattr, lremovexattr, removexattrat.
_X86_64_PATHS = (92, 94, 260, 188, 189, 463, 197, 198, 466)
_AARCH64_PATHS = (54, 5, 6, 463, 14, 15, 466)


class _Machine:
    """What the filter needs to know of a processor architecture."""

    def __init__(
        self,
        audit: int,
        allowed: dict[str, int],
        modes: tuple[int, ...],
        paths: tuple[int, ...],
        kill: int,
        tgkill: int,
        ioctl: int,
        fcntl: int,
        prlimit: int,
        clone3: int,
    ) -> None:
        self.audit, self.allowed, self.modes, self.paths = audit, allowed, modes, paths
        self.kill, self.tgkill, self.prlimit, self.clone3 = kill, tgkill, prlimit, clone3
        self.ioctl, self.fcntl = ioctl, fcntl


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E, _X86_64, _X86_64_MODES, _X86_64_PATHS,
        kill=62, tgkill=234, ioctl=16, fcntl=72, prlimit=302, clone3=435,
    ),
    "aarch64": _Machine(
        0xC00000B7, _AARCH64, _AARCH64_MODES, _AARCH64_PATHS,
        kill=129, tgkill=131, ioctl=29, fcntl=25, prlimit=261, clone3=435,
    ),
}  # fmt: skip

# BPF instruction codes and seccomp results.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_DONE, _EPERM, _ENOSYS = 0, 1, 38
_X32_BIT = 0x40000000
# ioctls that only ask, or set a descriptor's own flags:
# FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ
_IOCTLS = (0x541B, 0x5421, 0x5451, 0x5450, 0x5401, 0x5413)
# fcntls that do the same: F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, locks, F_DUPFD_CLOEXEC, F_GETPIPE_SZ.
# F_SETOWN and F_SETSIG would make the kernel send any signal to any process, F_SETPIPE_SZ keep megabytes.
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032)


def supported(machine: str = "") -> bool:
    """Whether there is a filter for this processor architecture."""
    return (machine or platform.machine()) in _MACHINES


class _Program:
    """A seccomp program that is being written; it begins by refusing calls of another architecture."""

    def __init__(self, known: _Machine, foreign: int) -> None:
        self.instructions: list[tuple[int, int, int, int]] = []
        self.add(_LOAD, 4)  # architecture: a 32-bit call would carry other numbers
        self.add(_EQUAL, known.audit, yes=1)
        self.add(_RETURN, foreign)
        self.add(_LOAD, 0)
        if known.audit == 0xC000003E:
            self.add(_AT_LEAST, _X32_BIT, no=1)
            self.answer(_EPERM)

    def add(self, code: int, k: int, yes: int = 0, no: int = 0) -> None:
        self.instructions.append((code, yes, no, k))

    def argument(self, index: int, high: bool = False) -> None:
        self.add(_LOAD, 16 + 8 * index + (4 if high else 0))

    def answer(self, errno: int | None) -> None:
        self.add(_RETURN, _ALLOW if errno is None else _ERRNO | errno)

    def numbers(self, numbers: Iterable[int], errno: int | None) -> None:
        for number in numbers:
            self.add(_EQUAL, number, no=1)
            self.answer(errno)

    def bytes(self) -> bytes:
        return b"".join(struct.pack("<HBBI", *instruction) for instruction in self.instructions)


@lru_cache
def seccomp_program(machine: str = "") -> bytes:
    """The filter as the kernel wants it, 8 bytes per instruction; empty for an architecture we do not know.

    Calls on the list pass; ``kill`` and ``tgkill`` pass when aimed at the process itself, ``prlimit64``
    when it only reads, ``ioctl`` and ``fcntl`` for a few harmless requests; all others fail with ``EPERM``.
    """
    known = _MACHINES.get(machine or platform.machine())
    if known is None:
        return b""
    program = _Program(known, foreign=_KILL)
    for number in (known.kill, known.tgkill):
        program.add(_EQUAL, number, no=4)
        program.argument(0)
        program.add(_EQUAL, PID_PLACEHOLDER, no=1)
        program.answer(None)
        program.answer(_EPERM)
    program.add(_EQUAL, known.prlimit, no=6)
    program.argument(2)  # the new limit's address, both halves zero when only reading
    program.add(_EQUAL, 0, no=3)
    program.argument(2, high=True)
    program.add(_EQUAL, 0, no=1)
    program.answer(None)
    program.answer(_EPERM)
    for number, requests in ((known.ioctl, _IOCTLS), (known.fcntl, _FCNTLS)):
        program.add(_EQUAL, number, no=len(requests) + 3)
        program.argument(1)
        for i, request in enumerate(requests):
            program.add(_EQUAL, request, yes=len(requests) - i)
        program.answer(_EPERM)
        program.answer(None)
    program.numbers([known.clone3], _ENOSYS)  # makes the C library fall back to clone, which is refused
    program.numbers(sorted(known.allowed.values()), None)
    program.answer(_EPERM)
    return program.bytes()


@lru_cache
def session_program(machine: str = "") -> bytes:
    """The filter of a notebook session, which may do more than a candidate.

    Only what changes a file's owner or attributes by its path fails with ``EPERM``, and what changes its mode
    does nothing: Landlock does not guard that, so it would reach files of the user that a session cannot even
    read. (Julia sets the mode of the files that it compiles packages into, and would give up.)
    """
    known = _MACHINES.get(machine or platform.machine())
    if known is None:
        return b""
    program = _Program(known, foreign=_ERRNO | _EPERM)
    program.numbers(known.modes, _DONE)
    program.numbers(known.paths, _EPERM)
    program.answer(None)
    return program.bytes()
