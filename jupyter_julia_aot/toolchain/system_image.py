"""The two commands that make a system image: Julia writes itself into an object file, which is then linked.

Works on any Julia since 1.5 and needs no package. Julia's own image is the start; the script given
adds to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.probe import Installation


def object_command(
    toolchain: Toolchain,
    place: Installation,
    target: Path,
    script: Sequence[str],
    options: Sequence[str] = (),
) -> list[str]:
    """Run ``script`` (a file and its arguments), then write everything that is loaded to ``target``."""
    words = [
        "--compiled-modules=no",  # packages come from source, into this process
        # Else packages run their warm-ups, whose tasks no image can hold (REPL does).
        *(["--pkgimages=no"] if toolchain.version_tuple >= (1, 9, 0) else []),
        f"--sysimage={place.image}",
        "-g0",
        *options,
        "--output-o",
        str(target),
    ]
    return julia_command(toolchain, *words, *script)


def link_command(place: Installation, source: Path, target: Path) -> list[str]:
    """Make the shared library ``target`` of the object file ``source``. Needs a C compiler."""
    command = [*c_compiler(), "-shared", "-o", str(target), "-Wl,--whole-archive", str(source)]
    return [*command, "-Wl,--no-whole-archive", place.libjulia, "-Wl,-s"]
