"""The machine's GPUs as the operating system describes them; starts no Julia and opens no device.

AMD's from the kernel's own table (``/sys/class/kfd/kfd/topology``; the fields are those of Linux's
``kfd_topology.c``), with ``rocminfo`` as a second witness; NVIDIA's from ``nvidia-smi``.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

KFD = Path("/sys/class/kfd/kfd/topology/nodes")
DRM = Path("/sys/class/drm")
REACTANT_ARCHITECTURES = frozenset({"gfx942", "gfx1030", "gfx1100", "gfx1200", "gfx1201"})
"""What the ROCm build of Reactant 0.2.280 has kernels for."""
_APUS = frozenset(
    {"gfx902", "gfx909", "gfx90c", "gfx1013", "gfx1033", "gfx1035", "gfx1036", "gfx1037", "gfx1103", "gfx940"}
    | {f"gfx115{n}" for n in range(4)}
)
_PRIVATE_HEAPS = frozenset({1, 2})
"""``HSA_MEM_HEAP_TYPE``: the frame buffer, public and private."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One GPU. ``memory_bytes`` is its own memory; of ``unified`` ones what of the system's is set aside."""

    vendor: str
    architecture: str
    name: str
    memory_bytes: int
    shared_bytes: int = 0
    """System memory that it may map besides (GTT); 0 when unknown."""
    unified: bool = False
    notes: tuple[str, ...] = ()


def find_gpus(kfd: Path = KFD, drm: Path = DRM) -> tuple[Gpu, ...]:
    """Every GPU that the machine tells of."""
    return (*_amd(kfd, drm), *_nvidia())


def architecture(target_version: int) -> str:
    """The name of a ``gfx_target_version``: 110501 is ``gfx1151`` (stepping and minor are hexadecimal)."""
    major, minor, stepping = target_version // 10000, target_version // 100 % 100, target_version % 100
    return f"gfx{major}{minor:x}{stepping:x}"


def _amd(kfd: Path, drm: Path) -> list[Gpu]:
    gpus = []
    for node in sorted(kfd.glob("*")):
        properties = _numbers(node / "properties")
        if not properties.get("simd_count"):
            continue
        arch = architecture(properties.get("gfx_target_version", 0))
        banks = [_numbers(bank / "properties") for bank in sorted(node.glob("mem_banks/*"))]
        own = sum(b.get("size_in_bytes", 0) for b in banks if b.get("heap_type") in _PRIVATE_HEAPS)
        card = _card(drm, properties.get("drm_render_minor", -1))
        own = own or _number(card / "mem_info_vram_total")
        # An APU's node has processor cores as well, or its GPU is one of those that exist only as APUs.
        unified = bool(properties.get("cpu_cores_count")) or arch in _APUS
        notes = []
        if arch not in REACTANT_ARCHITECTURES:
            built = ", ".join(sorted(REACTANT_ARCHITECTURES))
            notes.append(f"Reactant's ROCm build has no kernels for {arch} (it has {built})")
        gpus.append(
            Gpu(
                vendor="AMD",
                architecture=arch,
                name=_text(node / "name") or _text(card / "product_name") or arch,
                memory_bytes=own,
                shared_bytes=_number(card / "mem_info_gtt_total"),
                unified=unified,
                notes=tuple(notes),
            )
        )
    return gpus


def _card(drm: Path, minor: int) -> Path:
    return drm / f"renderD{minor}" / "device"


def _nvidia() -> list[Gpu]:
    from jupyter_julia_aot.toolchain.process import run

    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = ["--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader,nounits"]
    ran = run([program, *query], timeout=20)
    gpus = []
    for line in ran.stdout.splitlines() if ran.code == 0 else ():
        name, memory, capability = ([p.strip() for p in line.split(",")] + ["", "", ""])[:3]
        architecture_name = "sm_" + capability.replace(".", "") if capability else "unknown"
        size = int(memory) << 20 if memory.isdecimal() else 0
        gpus.append(Gpu(vendor="NVIDIA", architecture=architecture_name, name=name, memory_bytes=size))
    return gpus


def rocm_version(root: Path | None = None) -> str:
    """The system's ROCm (``ROCM_PATH``, else ``/opt/rocm``); empty without one."""
    folder = root or Path(os.environ.get("ROCM_PATH") or "/opt/rocm")
    for file in ("version", "version-rocm"):
        text = _text(folder / ".info" / file)
        if text:
            return text.split("-")[0]
    return ""


def rocminfo_architectures() -> tuple[str, ...]:
    """The GPU architectures that ``rocminfo`` lists; empty without the program."""
    from jupyter_julia_aot.toolchain.process import run

    program = shutil.which("rocminfo") or shutil.which("/opt/rocm/bin/rocminfo")
    if program is None:
        return ()
    return parse_rocminfo(run([program], timeout=30).stdout)


def parse_rocminfo(text: str) -> tuple[str, ...]:
    """The architectures in what ``rocminfo`` printed, each once, in its order."""
    return tuple(dict.fromkeys(re.findall(r"^\s*Name:\s+(gfx[0-9a-f]+)\s*$", text, re.MULTILINE)))


def _numbers(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {p[0]: int(p[1]) for p in pairs if len(p) == 2 and p[1].lstrip("-").isdecimal()}


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdecimal() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # absent, or not for this user: then it is not known
        return ""
