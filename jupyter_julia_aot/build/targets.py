"""For which processors to compile: this machine's, any (as official Julia builds), or one by name."""

from __future__ import annotations

import platform
import re

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.toolchain.capabilities import version_tuple

# What the official binaries are built with, from JuliaCI/julia-buildkite, utilities/build_envs.sh. Code
# for the first is always there; at start Julia takes the best clone that the processor can run.
_X86_64 = "generic;sandybridge,-xsaveopt,clone_all;haswell,-rdrnd,base(1)"
_X86_64_V4 = ";x86-64-v4,-rdrnd,base(1)"  # since 1.11
_AARCH64 = "generic;cortex-a57;thunderx2t99;carmel,clone_all"
_AARCH64_NEWER = ";apple-m1,base(3);neoverse-512tvb,base(3)"  # since 1.9
_APPLE = "generic;apple-m1,clone_all"

_TARGET = re.compile(r"[\w.+-]+(?:[,;][\w.+()-]+)*")


def cpu_target(wanted: str | None, version: str, machine: str = "", system: str = "") -> str | None:
    """``--cpu-target`` for ``native``, ``portable``, or one by name; ``None``: Julia's own choice.

    ``version`` is Julia's; ``machine`` and ``system`` are as :mod:`platform` names them (default: this
    one). Raises :class:`SettingError` for what cannot be a target, or ``portable`` on a machine for
    which there are no official builds.
    """
    if wanted is None:
        return None
    if wanted != "portable":
        if not _TARGET.fullmatch(wanted):
            raise SettingError(
                f"--cpu-target: {wanted!r} is no processor",
                remedy="native, portable, or a name of LLVM's such as haswell, with ;CLONE or ,FEATURE",
            )
        return wanted
    machine, system = machine or platform.machine(), system or platform.system()
    numbers = version_tuple(version)
    if machine.lower() in ("x86_64", "amd64"):
        return _X86_64 + (_X86_64_V4 if numbers >= (1, 11, 0) else "")
    if machine.lower() in ("aarch64", "arm64"):
        if system == "Darwin":
            return _APPLE
        return _AARCH64 + (_AARCH64_NEWER if numbers >= (1, 9, 0) else "")
    raise SettingError(
        f"--cpu-target portable: there are no official Julia builds for {machine}",
        remedy="name a processor of LLVM's, or native",
    )
