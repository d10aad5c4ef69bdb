"""The Jupyter magics: ``%load_ext jupyter_julia_aot``.

Thin: a magic reads its arguments, lets :mod:`jupyter_julia_aot.pipeline` do the work and shows
the events. Whatever is heavy is imported when a magic first runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> None:
    """Register the magics, their completions and their settings (``%config JuliaAot``).

    Raises :class:`~jupyter_julia_aot.errors.SettingError` for a broken settings file or variable.
    """
    from jupyter_julia_aot.errors import SettingError
    from jupyter_julia_aot.magics.cells import JuliaMagics
    from jupyter_julia_aot.magics.completion import register_completions
    from jupyter_julia_aot.magics.errors import hide_our_frames, rendered
    from jupyter_julia_aot.magics.julia_help import register_julia_help
    from jupyter_julia_aot.settings import settings

    try:
        current = settings()
    except SettingError as error:
        raise rendered(error) from error.__cause__
    configurables: Any = shell.configurables  # typed as a list of shells there
    if current not in configurables:
        configurables.append(current)
    magics = JuliaMagics(shell)
    before = shell.magics_manager.registry.get("JuliaMagics")
    if before is not None:
        # %reload_ext: what was accepted and what is running stays.
        magics.notebook = before.notebook
    shell.register_magics(magics)
    hide_our_frames()
    register_completions(shell, magics)
    register_julia_help(shell, magics.notebook)
    if _empty_cells not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_empty_cells)


def _empty_cells(lines: list[str]) -> list[str]:
    """Let ``%%juliac NAME`` and ``%%julia_gen -h`` stand alone: IPython refuses an empty body."""
    ours = bool(lines) and lines[0].startswith(("%%julia", "%%reactant"))
    if ours and not any(line.strip() for line in lines[1:]):
        return [lines[0].rstrip() + "\n", "\n"]
    return lines
