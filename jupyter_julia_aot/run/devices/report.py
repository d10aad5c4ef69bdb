"""The whole device check: what the machine has, which Julia packages are there, and what works."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from typing import Any

from jupyter_julia_aot.errors import DeviceError
from jupyter_julia_aot.run.devices.environments import (
    MAIN,
    ROCM_PREFERENCES,
    Environment,
    Which,
    find_environment,
)
from jupyter_julia_aot.run.devices.hardware import Gpu, find_gpus, rocm_version, rocminfo_architectures
from jupyter_julia_aot.run.devices.smoke import Smoke, smoke_test

Progress = Callable[[str], None]


def device_report(
    julia: str = "",
    *,
    smoke: bool = True,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """A JSON-ready report: ``machine``, ``gpus``, ``rocm``, ``reactant``, ``amdgpu``.

    ``reactant`` and ``amdgpu`` hold ``project``, ``reason`` (why there is none) and ``backends``, a list of
    ``{"backend", "usable", "reason", "steps", "facts", "seconds"}``, one for each that this machine could
    have; empty without ``smoke``, which starts helper processes (a minute each, the first time minutes).
    """
    say = progress or (lambda text: None)
    gpus = find_gpus()
    unified = any(g.unified for g in gpus)
    report: dict[str, Any] = {
        "machine": _machine(),
        "gpus": [_gpu(g) for g in gpus],
        "rocm": {
            "version": rocm_version(),
            "rocminfo": list(rocminfo_architectures()),
            "kfd": os.access("/dev/kfd", os.R_OK | os.W_OK),
            "variables": {k: v for k, v in os.environ.items() if k in _VARIABLES},
        },
        "preallocation": "off: its memory is the system's" if unified else "Reactant's default",
        "preferences": {"Reactant_jll": ROCM_PREFERENCES},
    }
    for which in ("reactant", "amdgpu"):
        wanted = _backends(which, gpus)
        part: dict[str, Any] = {"project": "", "julia": "", "reason": "", "backends": []}
        report[which] = part
        try:
            environment = find_environment(which, julia)
        except DeviceError as error:
            part["reason"] = str(error)
            continue
        part.update(project=environment.project, julia=environment.toolchain.version)
        if smoke:
            for backend in wanted:
                if cancel is not None and cancel.is_set():
                    break
                say(f"testing {MAIN[which]} on {backend} in a process of its own")
                part["backends"].append(_smoke(environment, backend, unified))
    return report


_VARIABLES = (
    "ROCM_PATH",
    "HSA_OVERRIDE_GFX_VERSION",
    "ROCBLAS_TENSILE_LIBPATH",
    "XLA_REACTANT_GPU_PREALLOCATE",
)


def _backends(which: Which, gpus: tuple[Gpu, ...]) -> list[str]:
    vendors = {g.vendor for g in gpus}
    if which == "amdgpu":
        return ["AMDGPU"]
    return ["cpu", *(["rocm"] if "AMD" in vendors else []), *(["cuda"] if "NVIDIA" in vendors else [])]


def _smoke(environment: Environment, backend: str, unified: bool) -> dict[str, Any]:
    found: Smoke = smoke_test(environment, backend, unified=unified)
    return {
        "backend": backend,
        "usable": found.usable,
        "reason": found.reason,
        "steps": dict(found.steps),
        "facts": dict(found.facts),
        "seconds": round(found.seconds, 1),
    }


def _gpu(gpu: Gpu) -> dict[str, Any]:
    return {
        "vendor": gpu.vendor,
        "architecture": gpu.architecture,
        "name": gpu.name,
        "memory_bytes": gpu.memory_bytes,
        "shared_bytes": gpu.shared_bytes,
        "unified": gpu.unified,
        "notes": list(gpu.notes),
    }


def _machine() -> dict[str, Any]:
    names = ("SC_PHYS_PAGES", "SC_PAGE_SIZE")
    pages, size = (os.sysconf(n) for n in names)
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory_bytes": pages * size,
    }
