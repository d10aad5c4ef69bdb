"""The magics themselves: read the line, hand over, show one message when it fails."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class

from jupyter_julia_aot.magics import parsers
from jupyter_julia_aot.magics.errors import one_message
from jupyter_julia_aot.magics.notebook import Notebook, make_oracle


@magics_class
class JuliaMagics(Magics):
    """``%%julia_gen %%julia_tests %%juliac %%julia_trial %%julia %julia``."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.notebook = Notebook(shell)

    @cell_magic
    @one_message
    def julia_gen(self, line: str, cell: str) -> None:
        """Generate the Julia function NAME from the words in the cell (``-h`` for options)."""
        from jupyter_julia_aot.magics.generate import run_generation

        run_generation(self.notebook, parsers.gen_parser().read(line), cell)

    @cell_magic
    @one_message
    def julia_tests(self, line: str, cell: str) -> None:
        """The tests that the function NAME must pass."""
        from jupyter_julia_aot.pipeline import check_name

        args = parsers.tests_parser().read(line)
        name = check_name(args.name, "%%julia_tests")
        oracle = make_oracle(name, cell, args.language)
        self.notebook.oracles[name] = oracle
        print(f"tests for {name} ({oracle.language}); %%julia_gen {name} will use them")  # noqa: T201

    @cell_magic
    @one_message
    def juliac(self, line: str, cell: str) -> None:
        """Compile the cell, or the accepted function NAME (``-h`` for options)."""
        from jupyter_julia_aot.magics.builds import run_build

        run_build(self.notebook, parsers.build_parser().read(line), cell)

    @cell_magic
    @one_message
    def julia_trial(self, line: str, cell: str) -> None:
        """Run the cell in a sandboxed Julia that keeps its state and can be stopped."""
        from jupyter_julia_aot.magics.trials import run_trial

        run_trial(self.notebook, parsers.trial_parser().read(line), cell)

    @line_cell_magic
    @one_message
    def julia(self, line: str, cell: str | None = None) -> None:
        """``%julia VERB`` (see ``%julia help``), or a cell of Julia code (``%%julia -h``)."""
        if cell is not None:
            from jupyter_julia_aot.magics.julia_cell import julia_parser, run_cell

            run_cell(self.notebook, julia_parser().read(line), cell)
            return
        from jupyter_julia_aot.magics.commands import run_command

        run_command(self.notebook, line)

    @line_cell_magic
    @one_message
    def reactant(self, line: str, cell: str | None = None) -> None:
        """``%%reactant NAME`` compiles array code; ``%reactant hlo|export NAME``."""
        from jupyter_julia_aot.magics.reactant import run_reactant, run_reactant_command

        if cell is not None:
            run_reactant(self.notebook, line, cell)
        else:
            run_reactant_command(self.notebook, line)

    @line_magic
    @one_message
    def juliac_wheel(self, line: str) -> None:
        """Write the wheel of the library NAME, built with ``%%juliac NAME --lib --bundle``."""
        from jupyter_julia_aot.magics.builds import run_wheel

        run_wheel(self.notebook, parsers.wheel_parser().read(line))

    def close_julia(self) -> None:
        """Stop everything this kernel started."""
        self.notebook.close()
