"""Our errors as one message in the cell, without a traceback, and still as a failed cell."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from jupyter_julia_aot.errors import Cancelled, JuliaAotError, JuliaError
from jupyter_julia_aot.magics.arguments import HelpShown

F = TypeVar("F", bound=Callable[..., Any])


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
