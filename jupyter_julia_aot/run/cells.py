"""Julia cells by two routes with one contract: in this process, or in a confined one that can be stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_julia_aot.errors import CapabilityError, ToolchainError
from jupyter_julia_aot.run.direct import DirectCall
from jupyter_julia_aot.run.names import python_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_julia_aot.records import Toolchain
    from jupyter_julia_aot.trial import Session, SessionResult
    from jupyter_julia_aot.trial.session_output import Shown


class Cells(Protocol):
    """What runs cells: :class:`trial.Session`, or :class:`InProcessCells`."""

    toolchain: Toolchain

    def run(
        self,
        code: str,
        name: str = "cell",
        *,
        seconds: float | None = None,
        on_shown: Callable[[Shown], None] | None = None,
    ) -> SessionResult:
        """Run a cell at top level. Raises ``JuliaError``, ``Cancelled``."""

    def set(self, **variables: Any) -> None:
        """Define Julia variables. Raises ``NotCarriedError``."""

    def get(self, variable: str) -> Any:
        """The value of a Julia variable. Raises ``JuliaError``."""

    def completions(self, code: str, position: int) -> tuple[list[str], int, int]:
        """What Julia's REPL offers: texts, and the characters from start to end that each replaces."""

    def interrupt(self) -> bool:
        """Stop what runs; false when nothing does."""


@dataclass(frozen=True, slots=True)
class OpenCells:
    """Cells, by which route they run, and what the user should know about it."""

    cells: Cells
    route: str
    notice: str


def in_process_cells(julia: str = "", threads: int | None = None) -> OpenCells:
    """Cells in this process. Raises :class:`CapabilityError` where juliacall cannot run."""
    from jupyter_julia_aot.run.inprocess_cells import NOTICE, InProcessCells
    from jupyter_julia_aot.run.juliacall_route import juliacall_engine
    from jupyter_julia_aot.toolchain import choose_toolchain

    engine = juliacall_engine(choose_toolchain("juliacall", julia), threads)
    if engine.cells is None:
        engine.cells = InProcessCells(engine)
    return OpenCells(engine.cells, "juliacall", f"Julia {engine.toolchain.version} {NOTICE}")


def choose_cells(
    worker: Callable[[], Session], *, route: str = "auto", julia: str = "", threads: int | None = None
) -> OpenCells:
    """Cells by ``route``; ``auto`` is juliacall where it can run, else the session that ``worker`` opens.

    Raises :class:`CapabilityError` for a route that is not there, or threads in a worker.
    """
    why = ""
    if route != "worker":
        try:
            return in_process_cells(julia, threads)
        except ToolchainError as error:
            if route == "juliacall" or threads is not None:
                raise
            why = error.message
    if threads not in (None, 1):
        raise CapabilityError(
            "a worker has one Julia thread: what its sandbox and its stop promise holds for one",
            remedy="leave out --threads or --worker",
        )
    session = worker()
    toolchain = session.toolchain
    notice = f"Julia {toolchain.version} runs in a process of its own, which can be stopped"
    if why:
        # This Julia's own reason is shorter: the version was said already.
        notice += f"; not in this process: {toolchain.reason.get('juliacall', why)}"
    return OpenCells(session, "worker", notice)


def help_code(topic: str) -> str:
    """Julia code whose value is what ``?topic`` shows in Julia's REPL."""
    import json

    quoted = json.dumps(topic, ensure_ascii=False).replace("$", "\\$")
    return (
        'let repl = Base.require(Base.PkgId(Base.UUID("3fa0cd96-eef1-5676-8a61-b3b8758bbffb"), "REPL"))\n'
        f"    Core.eval(Main, Base.invokelatest(repl.helpmode, devnull, {quoted}))\n"
        "end"
    )


class CellFunction(DirectCall):
    """A function that a cell defined, called from Python; always its newest definition.

    NumPy arrays in and out as with :class:`JuliaFunction`. Raises ``JuliaError``, and ``Cancelled`` on the
    worker's route.
    """

    def __init__(self, name: str, cells: Any, route: str, code: str) -> None:
        self.name = name
        self.__name__ = self.__qualname__ = python_name(name)
        self.__julia_code__ = code
        self.route = route
        self.toolchain: Toolchain = cells.toolchain
        self._cells = cells
        self.__doc__ = cells.documentation(name).strip() or f"The Julia function {name}."

        if route == "juliacall":
            self._take_the_short_way(cells.engine, cells.caller(name))

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._cells.call(self.name, *args, **kwargs)

    def on(self, backend: str) -> Any:
        """The function compiled by Reactant for a backend: ``cpu``, ``gpu``, ``rocm``, ``cuda`` or ``auto``.

        Its code is that of its cell. Raises ``DeviceError``.
        """
        from jupyter_julia_aot.run.reactant import reactant_function

        return reactant_function(self.name, self.__julia_code__, backend, julia=self.toolchain.path)

    def __repr__(self) -> str:
        return f"<Julia function {self.name} of a cell (Julia {self.toolchain.version}, {self.route})>"


def bind_from_cell(name: str, opened: OpenCells, code: str) -> Any:
    """What the cell defined as ``name``: a function to call, or a value. Raises ``JuliaError``."""
    cells: Any = opened.cells
    value = cells.get(name)
    if callable(value) or type(value).__name__ == "Handle":
        return CellFunction(name, cells, opened.route, code)
    return value
