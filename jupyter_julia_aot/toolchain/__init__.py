"""Find, check and install Julia.

Names are imported from their modules on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

if TYPE_CHECKING:
    from jupyter_julia_aot.toolchain.find import (
        broken_toolchains,
        choose_toolchain,
        find_toolchains,
        julia_command,
        julia_environment,
    )
    from jupyter_julia_aot.toolchain.install import install_julia
    from jupyter_julia_aot.toolchain.probe import Installation, installation

__all__ = [
    "Installation",
    "broken_toolchains",
    "choose_toolchain",
    "find_toolchains",
    "install_julia",
    "installation",
    "julia_command",
    "julia_environment",
]

_HOMES = {
    "Installation": "probe",
    "broken_toolchains": "find",
    "choose_toolchain": "find",
    "find_toolchains": "find",
    "install_julia": "install",
    "installation": "probe",
    "julia_command": "find",
    "julia_environment": "find",
}

__getattr__ = lazily(__name__, _HOMES)
