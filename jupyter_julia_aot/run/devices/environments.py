"""The Julia environments of Reactant and of AMDGPU.jl: two, because their dependencies exclude each other.

Each is looked for (a variable, then the user's own environments, then ours) and made on demand.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jupyter_julia_aot.errors import DeviceError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.settings import cache_dir

Which = Literal["reactant", "amdgpu"]
ROCM_PREFERENCES = {"gpu": "rocm", "gpu_version": "7.1"}
"""Of Reactant_jll; it takes the ROCm build only when both are set (Reactant 0.2.280)."""
OLDEST = (1, 10, 0)
_SETUP_SECONDS = 3600.0
_PASSED = ("ROCM_PATH", "HSA_OVERRIDE_GFX_VERSION", "ROCBLAS_TENSILE_LIBPATH", "HIP_VISIBLE_DEVICES",
           "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "REACTANT_VISIBLE_GPU_DEVICES")  # fmt: skip
"""The user's variables that a process with a device gets."""

PACKAGES: dict[str, dict[str, str]] = {
    "reactant": {
        "Reactant": "3c362404-f566-11ee-1572-e11a4b42c853",
        "Reactant_jll": "0192cb87-2b54-54ad-80e0-3be72ad8a3c0",
        "MLDataDevices": "7e8f7934-dd98-4c1a-8fe8-92b47a384d40",
    },
    "amdgpu": {
        "AMDGPU": "21141c5a-9bdb-4563-92ae-f87d6854732e",
        "MLDataDevices": "7e8f7934-dd98-4c1a-8fe8-92b47a384d40",
    },
}
MAIN = {"reactant": "Reactant", "amdgpu": "AMDGPU"}
VARIABLES = {"reactant": "JULIA_AOT_REACTANT_PROJECT", "amdgpu": "JULIA_AOT_AMDGPU_PROJECT"}


@dataclass(frozen=True, slots=True)
class Environment:
    """A project in which the package can be loaded."""

    which: Which
    project: str
    toolchain: Toolchain
    depots: tuple[str, ...]


def find_environment(which: Which, julia: str = "") -> Environment:
    """The environment that is there. Raises :class:`DeviceError` saying how to make one."""
    from jupyter_julia_aot.toolchain import choose_toolchain, installation
    from jupyter_julia_aot.toolchain.packages import package_environment

    toolchain = choose_toolchain("trial", julia)
    place = installation(toolchain)
    named = os.environ.get(VARIABLES[which])
    if named:
        if not Path(named).is_dir():
            raise DeviceError(f"{VARIABLES[which]}: {named} is no folder", remedy="name a Julia project")
        return Environment(which, named, toolchain, place.depots)
    if toolchain.version_tuple < OLDEST:
        raise DeviceError(
            f"{MAIN[which]} needs Julia ≥ 1.10, this is {toolchain.version}",
            remedy="install one: jupyter julia-aot setup --source official",
        )
    ours = our_project(which, toolchain)
    if (ours / "Manifest.toml").is_file():
        return Environment(which, str(ours), toolchain, place.depots)
    users = package_environment(MAIN[which], place)
    if users:
        return Environment(which, users, toolchain, place.depots)
    raise DeviceError(
        f"the Julia package {MAIN[which]} is not installed for Julia {toolchain.version}",
        remedy=f"%julia devices --install {which} (or set {VARIABLES[which]} to a project that has it)",
    )


def our_project(which: Which, toolchain: Toolchain) -> Path:
    """Where our own environment lies, one for each minor version of Julia."""
    major, minor, _ = toolchain.version_tuple
    return cache_dir() / "devices" / f"{which}-{major}.{minor}"


def make_environment(
    which: Which,
    julia: str = "",
    *,
    rocm: bool = False,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
) -> Environment:
    """Make our environment; what Julia's package manager says goes to ``install.log`` beside it.

    ``rocm`` asks Reactant for its ROCm build. Raises :class:`DeviceError`, ``Cancelled``.
    """
    from jupyter_julia_aot.toolchain import choose_toolchain, installation, julia_command, julia_environment
    from jupyter_julia_aot.toolchain.process import run

    toolchain = choose_toolchain("trial", julia)
    if toolchain.version_tuple < OLDEST:
        raise DeviceError(
            f"{MAIN[which]} needs Julia ≥ 1.10, this is {toolchain.version}",
            remedy="install one: jupyter julia-aot setup --source official",
        )
    say = progress or (lambda text: None)
    project = our_project(which, toolchain)
    project.mkdir(parents=True, exist_ok=True)
    if which == "reactant":
        write_preferences(project, rocm=rocm)
    log = project / "install.log"
    script = Path(__file__).with_name("install.jl")
    packages = [f"{name}={uuid}" for name, uuid in PACKAGES[which].items()]
    command = julia_command(toolchain, "--color=no", f"--project={project}", str(script), *packages)
    say(f"installing {', '.join(PACKAGES[which])} for Julia {toolchain.version} (log: {log})")
    with log.open("w", encoding="utf-8") as file:

        def note(line: str) -> None:
            file.write(line.rstrip("\n") + "\n")
            if line.startswith("julia-aot\t"):
                say(line.split("\t", 1)[1].strip())

        ran = run(
            command,
            environment=julia_environment(toolchain),
            timeout=_SETUP_SECONDS,
            cancel=cancel,
            on_line=note,
        )
    if ran.code != 0:
        (project / "Manifest.toml").unlink(missing_ok=True)
        raise DeviceError(f"installing {MAIN[which]} failed: {ran.failure}", remedy=f"the whole log: {log}")
    return Environment(which, str(project), toolchain, installation(toolchain).depots)


def write_preferences(project: Path, *, rocm: bool) -> None:
    """Reactant_jll's preferences; it must be a direct dependency for Julia to read them."""
    file = project / "LocalPreferences.toml"
    if not rocm:
        file.unlink(missing_ok=True)
        return
    lines = "".join(f'{key} = "{value}"\n' for key, value in ROCM_PREFERENCES.items())
    file.write_text(f"[Reactant_jll]\n{lines}", encoding="utf-8")


def process_variables(*, unified: bool) -> dict[str, str]:
    """Variables for a process that uses a device.

    Preallocation takes 75 % of the device's memory, which on a unified one is the system's: off there.
    """
    variables = {name: os.environ[name] for name in _PASSED if name in os.environ}
    chosen = os.environ.get("XLA_REACTANT_GPU_PREALLOCATE")
    if unified or chosen:
        variables["XLA_REACTANT_GPU_PREALLOCATE"] = chosen or "false"
    return variables
