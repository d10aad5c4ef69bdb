"""What one kernel knows: oracles, accepted functions, running jobs, the sandboxed session."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, Literal

from jupyter_julia_aot.errors import OracleError, SettingError
from jupyter_julia_aot.magics.jobs import Jobs
from jupyter_julia_aot.records import Candidate, Oracle

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_julia_aot.history import History
    from jupyter_julia_aot.pipeline.accepting import Accepted
    from jupyter_julia_aot.pipeline.sessions import Session

# How many past runs are looked through for a function accepted in an earlier kernel.
LOOK_BACK = 500


class Notebook:
    """The state behind the magics of one kernel."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.oracles: dict[str, Oracle] = {}
        self.accepted: dict[str, Candidate] = {}
        self.jobs = Jobs()
        self.session: Session | None = None
        self.cells: Any = None
        """The Julia cells used last (``pipeline.cells.OpenCells``), for completions and help."""
        self.reactants: dict[str, Any] = {}
        """Functions compiled by Reactant, by their Julia name."""
        self.told: set[str] = set()
        """Routes whose peculiarities the user was told."""
        self._history: History | None = None

    @property
    def history(self) -> History:
        """The history, opened when it is first needed."""
        if self._history is None:
            from jupyter_julia_aot.history import History

            self._history = History()
        return self._history

    def oracle(self, name: str, tests: str | None) -> Oracle | None:
        """The oracle for ``name``: ``tests`` is a ``%%julia_tests`` name or a file, or ``None``.

        Raises :class:`SettingError` when ``tests`` is neither.
        """
        if tests is None:
            return self.oracles.get(name)
        if tests in self.oracles:
            return self.oracles[tests]
        from pathlib import Path

        from jupyter_julia_aot.pipeline import read_oracle

        if not Path(tests).is_file():
            known = ", ".join(self.oracles) or "none"
            raise SettingError(
                f"%%julia_gen: --tests {tests}: neither a %%julia_tests name nor a file",
                remedy=f"names with tests: {known}",
            )
        return read_oracle(tests)

    def accept(self, candidate_id: str, *, trust: bool = False, julia: str = "") -> Candidate:
        """Bind a candidate as a function of the notebook. Raises as the pipeline does."""
        from jupyter_julia_aot.pipeline import accept
        from jupyter_julia_aot.settings import settings

        chosen = julia or settings().julia
        return self._bound(accept(candidate_id, history=self.history, trust=trust, julia=chosen))

    def take(self, candidate: Candidate, run_id: str, julia: str) -> Candidate:
        """Bind a candidate that was proven just now, by ``julia``. Raises as the pipeline does."""
        from jupyter_julia_aot.pipeline.accepting import take

        return self._bound(take(candidate, run_id, history=self.history, julia=julia))

    def _bound(self, taken: Accepted) -> Candidate:
        candidate = taken.candidate
        old = self.shell.user_ns.get(candidate.name)
        self.shell.user_ns[candidate.name] = taken.function
        self.accepted[candidate.name] = candidate
        if type(old) is type(taken.function) and hasattr(old, "close"):
            old.close()
        return candidate

    def accepted_code(self, name: str) -> str:
        """The code of the accepted function ``name``, from this kernel or an earlier one.

        Raises :class:`SettingError` when none was accepted.
        """
        if name in self.accepted:
            return self.accepted[name].code
        for run in self.history.runs(limit=LOOK_BACK):
            if run.name == name and run.accepted:
                return self.history.candidate(run.accepted).candidate.code
        raise SettingError(
            f"no function {name!r} was accepted",
            remedy=f"write it in the cell, or let the model write it: %%julia_gen {name}",
        )

    def close(self) -> None:
        """Stop jobs, workers and the history."""
        from jupyter_julia_aot.pipeline.devices import close_device_sessions
        from jupyter_julia_aot.pipeline.pools import close_pools

        self.jobs.stop()
        if self.session is not None:
            self.session.close()
            self.session = None
        close_device_sessions()
        close_pools()
        if self._history is not None:
            self._history.close()
            self._history = None


def make_oracle(name: str, cell: str, language: str | None) -> Oracle:
    """The oracle in a ``%%julia_tests`` cell. Raises :class:`OracleError` when it tests nothing."""
    where = f"%%julia_tests {name}"
    if not cell.strip():
        raise OracleError(f"{where}: the cell is empty", remedy=f"such as: @test {name}(2) == 8")
    chosen: Literal["julia", "python"] = "python" if (language or _looks_like(cell)) == "python" else "julia"
    if chosen == "julia" and "@test" not in cell:
        raise OracleError(
            f"{where}: {_not_python(cell) or 'there is no @test in it'}",
            remedy=f"such as: @test {name}(2) == 8 (Julia), or: assert {name}(2) == 8 (Python)",
        )
    return Oracle(source=cell, language=chosen, name=where)


def _looks_like(cell: str) -> str:
    """``python`` for a cell that parses as Python and asserts something, else ``julia``."""
    if "@test" in cell:
        return "julia"
    try:
        tree = ast.parse(cell)
    except SyntaxError:
        return "julia"
    return "python" if any(isinstance(node, ast.Assert) for node in ast.walk(tree)) else "julia"


def _not_python(cell: str) -> str:
    """Why asserts in ``cell`` are no Python; empty where none are meant."""
    if not re.search(r"^\s*assert\b", cell, re.MULTILINE):
        return ""
    try:
        ast.parse(cell)
    except SyntaxError as error:
        return f"line {error.lineno} is not Python: {error.msg}"
    return ""


def namespace_names(notebook: Notebook) -> list[str]:
    """Function names that a magic can be completed with."""
    return sorted({*notebook.oracles, *notebook.accepted})
