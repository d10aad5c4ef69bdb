"""Open a library's Python package: in this process, or in one of its own where two Julias would collide.

Measured (Julia 1.5.3 and 1.12.5): a library that shares its libjulia with another one, or with juliacall,
ends the process at its first call; one whose bundle has a libjulia under a name of its own (JuliaC's
``privatize``, which every ``--bundle`` of a library asks for) gets along with both. A call in this process
takes 0.1 µs, one in a helper process about 0.1 ms, and arrays are copied there and back.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Artifact

Route = Literal["auto", "process", "helper"]


class Library:
    """The functions of an opened library, as attributes; its classes, too.

    ``functions`` are the names that can be called, ``route`` is ``process`` or ``helper``.
    """

    def __init__(
        self, names: dict[str, Any], functions: tuple[str, ...], route: Literal["process", "helper"]
    ) -> None:
        self.__dict__.update(names)
        self.functions = functions
        self.route = route

    def __getitem__(self, name: str) -> Callable[..., Any]:
        value: Callable[..., Any] = self.__dict__[name]
        return value

    def __repr__(self) -> str:
        return f"<Julia library: {', '.join(self.functions)} ({self.route})>"


def load_library(binding: Artifact | Path | str, *, route: Route = "auto") -> Library:
    """Open the library of an artifact, or of its package directory (``Artifact.binding``).

    ``auto`` takes this process where that is safe. Raises :class:`BuildError` (stage ``load``) when
    there is no binding, the library does not load, or ``process`` is asked for where it cannot be.
    """
    folder = Path(_folder(binding)).resolve()
    if not (folder / "__init__.py").is_file():
        raise BuildError(f"there is no Python package at {folder}", stage="load", remedy="build it again")
    module = module_of(folder)
    if module in sys.modules and getattr(sys.modules[module], "__file__", None):
        return _opened(sys.modules[module])
    if route == "helper" or (route == "auto" and not _safe_here(folder)):
        from jupyter_julia_aot.build.bindings.helper import open_helper

        return open_helper(folder, module)
    try:
        return _opened(import_package(folder, module))
    except (ImportError, OSError, RuntimeError) as error:
        raise BuildError(
            f"the library does not load: {error}", stage="load", remedy="build it again, with --bundle"
        ) from error


def _folder(binding: Artifact | Path | str) -> str:
    if not isinstance(binding, Artifact):
        return str(binding)
    if binding.binding is None:
        raise BuildError(
            f"{binding.name} has no Python binding",
            stage="load",
            remedy="build a library (--lib) of a function with concrete argument types",
        )
    return binding.binding


def module_of(folder: Path) -> str:
    """A module name for the package at this place, so that two of one name can be open."""
    return f"_julia_aot_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}_{folder.name}"


def import_package(folder: Path, module: str) -> types.ModuleType:
    """Import the package at ``folder`` under the name ``module``; raises what it raises."""
    spec = importlib.util.spec_from_file_location(
        module, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None  # noqa: S101 - a .py file always has one
    assert spec.loader is not None  # noqa: S101
    package = importlib.util.module_from_spec(spec)
    sys.modules[module] = package
    try:
        spec.loader.exec_module(package)
    except BaseException:
        for name in [n for n in sys.modules if n == module or n.startswith(f"{module}.")]:
            del sys.modules[name]
        raise
    return package


def _opened(package: types.ModuleType) -> Library:
    names = {name: getattr(package, name) for name in package.__all__}
    functions = tuple(n for n, v in names.items() if isinstance(v, types.BuiltinFunctionType))
    return Library(names, functions, "process")


def _safe_here(folder: Path) -> bool:
    """Whether the library may be opened in this process: it is private, or the only Julia in it."""
    if "libjulia." not in (folder / "__init__.py").read_text(encoding="utf-8"):
        return True  # its package looks for no other Julia, because it has one of its own
    return not julia_in_process()


def julia_in_process() -> bool:
    """Whether this process has loaded a libjulia under its plain name: juliacall's, or a library's."""
    if "juliacall" in sys.modules:
        return True
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return False
    lines = maps.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(Path(line.split()[-1]).name.startswith("libjulia.") for line in lines if line)
