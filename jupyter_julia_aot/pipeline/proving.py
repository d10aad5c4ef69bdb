"""The oracle on the artifact: the calls that the tests make, done with the compiled code.

The tests run once on plain Julia, which records each call of the function. The artifact repeats the calls —
a library through its Python package in a process of its own, an executable through its command line — and
the tests run again with its results in place of the function's. So the same checks judge both.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import JuliaAotError, OracleError
from jupyter_julia_aot.records import Artifact, Oracle, Proof

if TYPE_CHECKING:
    from jupyter_julia_aot.pipeline.replay import Outcome

# The square root of Float64's epsilon: compilers may contract or reorder floating-point operations.
CLOSE = 1.49e-8
_MOST_DIFFERENCES = 5
_MOST_SHOWN = 200
_RUN_SECONDS = 60.0


def prove(
    artifact: Artifact, name: str, code: str, oracle: Oracle, *, julia: str = "", sandbox: Any = "auto"
) -> Proof:
    """Judge ``artifact``, built from ``code``, by the tests of the function ``name``.

    Raises :class:`OracleError` when the tests do not pass on plain Julia, make no call that can be
    repeated, or change their arguments, which a command line cannot give back; other
    :class:`JuliaAotError` when the artifact cannot be called at all.
    """
    from jupyter_julia_aot.pipeline.replay import outcome, record

    repeat = _caller(artifact, name)
    recording = record(name, code, oracle, julia=julia, sandbox=sandbox)
    with contextlib.ExitStack() as closing:
        closing.callback(recording.close)
        from jupyter_julia_aot.run import bind

        expected = bind(name, code, julia=julia, route="worker")
        results: list[Outcome] = []
        differences: list[str] = []
        closing.callback(expected.close)
        for args in recording.inputs:
            wanted = outcome(expected, args)
            if wanted.changed and artifact.kind != "lib":
                raise OracleError(
                    f"{name} changes its arguments, which a program cannot give back",
                    remedy="build a library (--lib) to have it proven",
                )
            try:
                got = repeat(args, wanted.value)
            except (JuliaAotError, TypeError, ValueError) as error:
                differences.append(
                    f"{_shown(name, args)}: {_told(wanted)} with the JIT, {error} ahead of time"
                )
                return _proof(f"failed: {error}", results, differences)
            results.append(got)
            if not (same(wanted.value, got.value) and same(wanted.changed, got.changed)):
                differences.append(
                    f"{_shown(name, args)}: {_told(wanted)} with the JIT, {_told(got)} ahead of time"
                )
        return _proof(recording.judge(results), results, differences)


def _proof(checks: str, results: list[Outcome], differences: list[str]) -> Proof:
    return Proof(
        checks=checks,
        calls=len(results),
        equal=checks == "passed" and not differences,
        differences=tuple(differences[:_MOST_DIFFERENCES]),
    )


def _caller(artifact: Artifact, name: str) -> Callable[[tuple[Any, ...], Any], Outcome]:
    """How to call the artifact's function; the second argument is what the result should look like."""
    from jupyter_julia_aot.build import run_artifact
    from jupyter_julia_aot.pipeline.replay import Outcome, outcome

    if artifact.kind == "lib":
        from jupyter_julia_aot.build.bindings.load import load_library

        library = load_library(artifact, route="helper")
        python = name.replace("!", "_b")
        if python not in library.functions:
            raise OracleError(
                f"the library exports no {name}, so its tests cannot be asked",
                remedy=f"it exports {', '.join(library.functions)}",
            )
        return lambda args, _like: outcome(library[python], tuple(map(plain, args)))

    def run(args: tuple[Any, ...], like: Any) -> Outcome:
        words = [_word(a) for a in args]
        ran = run_artifact(artifact, words, timeout=_RUN_SECONDS)
        if ran.exit_code != 0:
            last = (ran.stderr.strip().splitlines() or [f"exit code {ran.exit_code}"])[-1]
            raise ValueError(f"{artifact.name} {' '.join(words)}: {last[:_MOST_SHOWN]}")
        return Outcome(_read(ran.stdout.removesuffix("\n"), like))

    return run


def plain(value: Any) -> Any:
    """A value as the compiled function takes it: a matrix lies column by column, as Julia's do."""
    import numpy as np

    if isinstance(value, np.ndarray) and not (value.flags.f_contiguous and value.flags.writeable):
        return np.array(value, order="F")
    return value


def _word(value: Any) -> str:
    """An argument as the generated command line reads it. Raises ``TypeError`` for what it cannot."""
    import numpy as np

    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, float, str, np.integer, np.floating)):
        text = str(value)
        if text.startswith("@"):
            raise TypeError("a text that begins with @ is the name of a file on the command line")
        return text
    if isinstance(value, (list, np.ndarray)) and np.ndim(value) == 1:
        return ",".join(map(_word, value))
    raise TypeError(f"a {type(value).__name__} cannot be given on a command line")


def _read(text: str, like: Any) -> Any:
    """What the program printed, as a value of the same kind as ``like``."""
    import numpy as np

    if like is None:
        return text or None
    if isinstance(like, (bool, np.bool_)):
        return {"true": True, "false": False}[text] if text in ("true", "false") else text
    if isinstance(like, (int, np.integer)):
        return type(like)(int(text))
    if isinstance(like, (float, np.floating)):
        return type(like)(float(text))
    if isinstance(like, str):
        return text
    if isinstance(like, (list, np.ndarray)) and np.ndim(like) == 1:
        sample = like[0] if len(like) else 0.0
        items = [_read(part, sample) for part in text.split(",")] if text else []
        return np.array(items, dtype=like.dtype) if isinstance(like, np.ndarray) else items
    raise TypeError(f"the program prints a {type(like).__name__} in a form that cannot be read back")


def same(wanted: Any, got: Any) -> bool:
    """Whether two results are equal; floating-point numbers to a relative :data:`CLOSE`."""
    import numpy as np

    if isinstance(wanted, np.ndarray) or isinstance(got, np.ndarray):
        a, b = np.asarray(wanted), np.asarray(got)
        if a.shape != b.shape:
            return False
        if a.dtype.kind in "fc" and b.dtype.kind in "fc":
            return bool(np.allclose(a, b, rtol=CLOSE, atol=0.0, equal_nan=True))
        return bool(np.array_equal(a, b))
    if isinstance(wanted, (tuple, list)) and isinstance(got, (tuple, list)):
        return len(wanted) == len(got) and all(map(same, wanted, got))
    if isinstance(wanted, (float, np.floating)) and isinstance(got, (float, int, np.floating)):
        return math.isclose(wanted, got, rel_tol=CLOSE) or (math.isnan(wanted) and math.isnan(got))
    return bool(wanted == got)


def _shown(name: str, args: tuple[Any, ...]) -> str:
    return f"{name}({', '.join(map(_cut, args))})"


def _told(outcome: Outcome) -> str:
    changed = [f"argument {i + 1} became {_cut(array)}" for i, array in outcome.changed]
    return ", ".join(changed if changed and outcome.returned is not None else [_cut(outcome.value), *changed])


def _cut(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
