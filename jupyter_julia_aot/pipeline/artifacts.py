"""What can be done with an artifact after it was built."""

from __future__ import annotations

from jupyter_julia_aot.records import Verified


def run_artifact(
    which: str, arguments: tuple[str, ...] = (), *, stdin: bytes = b"", timeout: float = 60.0
) -> Verified:
    """Run an executable, given by its build's id (or the beginning of it), name, or path.

    Raises :class:`~jupyter_julia_aot.errors.SettingError` when there is none, and
    :class:`~jupyter_julia_aot.errors.BuildError` when it does not start or runs over ``timeout``
    seconds.
    """
    from jupyter_julia_aot.build import run_artifact as run

    return run(which, arguments, stdin=stdin, timeout=timeout)


def prune_builds(*, days: float | None = None, keep_mb: float | None = None) -> tuple[list[str], int]:
    """Delete builds older than ``days``, then the oldest until ``keep_mb`` MB are left.

    Returns the deleted ids and the freed bytes.
    """
    from jupyter_julia_aot.build import prune

    return prune(days=days, keep_mb=keep_mb)
