"""Our errors as one message in the cell, without a traceback of ours, and still as a failed cell."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from jupyter_julia_aot.errors import Cancelled, JuliaAotError, JuliaError
from jupyter_julia_aot.magics.arguments import HelpShown

F = TypeVar("F", bound=Callable[..., Any])

_PACKAGE = str(Path(__file__).parents[1])


def one_message(function: F) -> F:
    """Wrap a magic: help ends it quietly, our errors carry their own rendering.

    IPython asks an exception for ``_render_traceback_``; the cell still counts as failed, so a
    script that runs the notebook stops there.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except HelpShown:
            return None
        except KeyboardInterrupt:
            raise rendered(Cancelled("stopped")) from None
        except JuliaAotError as error:
            raise rendered(error) from error.__cause__

    return wrapper  # type: ignore[return-value]


def rendered(error: JuliaAotError) -> JuliaAotError:
    """``error``, which IPython will show as its message only."""
    first, *rest = str(error).splitlines() or [""]
    if isinstance(error, JuliaError):
        rest += [f"   in {frame}" for frame in error.backtrace]
    lines = [f"\x1b[31m{type(error).__name__}\x1b[0m: {first}", *rest]
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error


def hide_our_frames() -> None:
    """Let IPython show an error that a Julia function raised with the user's frames only.

    What lies below the call, inside this package, says nothing about the user's code.
    """
    JuliaAotError._render_traceback_ = _of_user  # type: ignore[attr-defined]


def _of_user(error: JuliaAotError) -> list[str]:
    from IPython import get_ipython

    frames = error.__traceback__
    shown: list[str] = get_ipython().InteractiveTB.structured_traceback(
        type(error), error, _above_ours(frames) or frames, tb_offset=1
    )
    return shown


def _above_ours(frames: TracebackType | None) -> TracebackType | None:
    """The traceback down to the call into this package; ``None`` when it begins there."""
    if frames is None or frames.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        return None
    return TracebackType(_above_ours(frames.tb_next), frames.tb_frame, frames.tb_lasti, frames.tb_lineno)
