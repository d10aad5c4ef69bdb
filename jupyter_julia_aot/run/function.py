"""A Julia function that Python calls."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal, Protocol

from jupyter_julia_aot.run.direct import DirectCall
from jupyter_julia_aot.run.names import python_name

if TYPE_CHECKING:
    from jupyter_julia_aot.records import Toolchain

RouteName = Literal["juliacall", "worker"]
_numbers = itertools.count(1)


class Engine(Protocol):
    """Where functions run."""

    toolchain: Toolchain
    route: RouteName

    @property
    def starts(self) -> int:
        """Grows when everything that was defined is gone."""

    def define(self, module: str, code: str, name: str, function: str) -> str:
        """Load code into a module of its own; the docstring of the function it defines."""

    def call(self, module: str, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call it."""

    def memory_bytes(self) -> int | None:
        """The most memory that its process has had."""

    def forget(self, module: str) -> None:
        """Let go of a module that nobody calls any more."""


class JuliaFunction(DirectCall):
    """Calls a Julia function with Python values; NumPy arrays in and out.

    Numbers, strings, containers and arrays travel to Julia as their Julia counterparts and back; what the
    function changes in a NumPy array argument is changed there. Raises
    :class:`~jupyter_julia_aot.errors.JuliaError` with Julia's error type, message and the line in the
    function's own code, on every route.

    ``__name__`` is its Python name (``f!`` is ``f_b``), ``name`` the one in Julia, ``__julia_code__`` the
    code, ``__doc__`` its docstring (Markdown), ``route`` how it runs: ``juliacall`` (in this process, not
    stoppable before Julia returns) or ``worker`` (a confined process with a state, which can be stopped).
    """

    def __init__(self, name: str, code: str, engine: Engine) -> None:
        self.name = name
        self.__name__ = self.__qualname__ = python_name(name)
        self.__julia_code__ = code
        self.route: RouteName = engine.route
        self.why = ""
        """Why it runs by this route."""
        self.toolchain = engine.toolchain
        self._engine = engine
        # Helpers of one function must not replace another's, so each lives in a module of its own.
        self._module = f"Accepted{next(_numbers)}"
        self._define()

    def _define(self) -> None:
        doc = self._engine.define(self._module, self.__julia_code__, self.name, self.name)
        self.__doc__ = doc.strip() or f"The Julia function {self.name}."
        self._defined_in = self._engine.starts
        if self.route == "juliacall":
            self._take_the_short_way(self._engine, self._module)

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._defined_in != self._engine.starts:
            # Its Julia ended since: stopped by force, out of memory, or by the function itself.
            self._define()
        return self._engine.call(self._module, self.name, args, kwargs)

    def memory_bytes(self) -> int | None:
        """The most memory, in bytes, that the process it runs in has had."""
        return self._engine.memory_bytes()

    def close(self) -> None:
        """Let Julia forget the function; for one that was replaced."""
        self._engine.forget(self._module)

    def on(self, backend: str) -> Any:
        """The function compiled by Reactant for ``cpu``, ``gpu``, ``rocm``, ``cuda``, … or ``auto``.

        See :func:`run.reactant.reactant_function`. Raises :class:`DeviceError`.
        """
        from jupyter_julia_aot.run.reactant import reactant_function

        return reactant_function(self.name, self.__julia_code__, backend, julia=self.toolchain.path)

    def __repr__(self) -> str:
        return f"<Julia function {self.name} (Julia {self.toolchain.version}, {self.route})>"
