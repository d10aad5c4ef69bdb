"""A sandboxed Julia that keeps its state between cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.pipeline.options import Options

if TYPE_CHECKING:
    from jupyter_julia_aot.trial import Session, SessionResult

    __all__ = ["Session", "SessionResult", "open_session"]


def open_session(options: Options | None = None) -> Session:
    """Start a confined Julia. Raises :class:`~jupyter_julia_aot.errors.JuliaAotError`."""
    from jupyter_julia_aot.toolchain import choose_toolchain
    from jupyter_julia_aot.trial import Session

    options = options or Options.of()
    return Session(choose_toolchain("trial", options.julia), limits=options.limits, sandbox=options.sandbox)
