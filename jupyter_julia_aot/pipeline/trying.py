"""One piece of code, one oracle, one verdict."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import CancelledError, Future, TimeoutError
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import Cancelled, OracleError, SettingError
from jupyter_julia_aot.pipeline.names import check_tested
from jupyter_julia_aot.pipeline.options import Options
from jupyter_julia_aot.pipeline.pools import trial_pool
from jupyter_julia_aot.pipeline.recorder import Recorder
from jupyter_julia_aot.pipeline.tryout import definition_oracle
from jupyter_julia_aot.records import Candidate, Oracle, Trial, new_id

if TYPE_CHECKING:
    from jupyter_julia_aot.history import History

POLL_SECONDS = 0.1


def read_text(path: str | Path, what: str) -> str:
    """The text of a file. Raises :class:`SettingError` beginning with ``what`` it was to be."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingError(f"{what}: {path} is not UTF-8 text", remedy="give a source file") from error
    except OSError as error:
        raise SettingError(
            f"{what}: cannot read {path}: {error.strerror}", remedy="check the path"
        ) from error


def read_oracle(path: str | Path, where: str = "--tests") -> Oracle:
    """The oracle in a file: Python asserts when its name ends in ``.py``, else Julia tests.

    Raises :class:`SettingError` when the file cannot be read, :class:`OracleError` when empty.
    """
    source = read_text(path, where)
    if not source.strip():
        raise OracleError(f"{where}: {path} is empty", remedy="write at least one @test line")
    language = "python" if str(path).endswith(".py") else "julia"
    return Oracle(source=source, language=language, name=str(path))  # type: ignore[arg-type]


def try_code(
    code: str,
    oracle: Oracle | None = None,
    options: Options | None = None,
    *,
    name: str = "",
    history: History | None = None,
    cancel: threading.Event | None = None,
) -> Trial:
    """Run ``code`` in the sandbox and judge it by ``oracle`` (``None``: it only has to run).

    Raises :class:`~jupyter_julia_aot.errors.Cancelled` when stopped, else
    :class:`~jupyter_julia_aot.errors.JuliaAotError` when it could not be tried.
    """
    from jupyter_julia_aot.trial import check_oracle

    if name:
        check_tested(name, oracle)
    options = options or Options.of()
    recorder = Recorder(history)
    name = name or function_under_test(code, oracle)
    if oracle is None:
        oracle = Oracle(source="@test true", name="runs") if name == "Main" else definition_oracle(name)
    candidate = Candidate(id=new_id(), name=name, code=code, origin="user")
    began = time.monotonic()
    status = "failed"
    with trial_pool(options) as pool:
        check_oracle(oracle, candidate.name, pool)
        recorder.event("candidate", candidate=candidate)
        try:
            trial = wait(pool.submit(candidate, oracle), cancel)
            recorder.event("trial", trial=trial)
            status = "done"
        except (KeyboardInterrupt, Cancelled) as stop:
            status = "cancelled"
            raise Cancelled("the trial was stopped") from stop
        finally:
            recorder.event("run_finished", status=status, seconds=time.monotonic() - began)
    return trial


def function_under_test(code: str, oracle: Oracle | None) -> str:
    """The last function of ``code`` that the oracle mentions, else the last one.

    ``Main`` when the code defines none: it always exists, and the oracle may still hold.
    """
    from jupyter_julia_aot.model.definitions import definitions

    names = [d.name for d in definitions(code) if d.kind == "function"]
    words = set(re.findall(r"[^\W\d]\w*!?", oracle.source)) if oracle is not None else set()
    mentioned = [n for n in names if n in words]
    return (mentioned or names or ["Main"])[-1]


def wait(future: Future[Trial], cancel: threading.Event | None) -> Trial:
    """The result of ``future``, or :class:`Cancelled` soon after ``cancel`` is set."""
    while True:
        try:
            return future.result(timeout=POLL_SECONDS)
        except TimeoutError:
            if future.done():
                raise
            if cancel is not None and cancel.is_set():
                raise Cancelled("stopped") from None
        except CancelledError as error:
            raise Cancelled("the trial was stopped") from error
