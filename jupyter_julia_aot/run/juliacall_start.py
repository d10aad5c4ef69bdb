"""Julia in this process: juliacall, started in the environment that we decide, with our package loaded.

juliacall is imported when the first function is bound: with the Julia and the project that the toolchain
names (so that juliapkg resolves and downloads nothing), signals left to Python, one thread, no output capture
of its own. That cannot be undone or repeated with another Julia in one process.

The thread that started Julia counts as outside of it while it runs Python (:func:`_leave_julia`): else a
garbage collection that another thread sets off would wait for that thread for ever.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import CapabilityError
from jupyter_julia_aot.records import Toolchain

PACKAGES = Path(__file__).parent / "julia"
_LOAD = """
push!(LOAD_PATH, raw"{packages}")
try
    import JuliaAotInProcess
finally
    filter!(!=(raw"{packages}"), LOAD_PATH)
end
"""
"""Our package of Julia code, which Julia compiles the first time and keeps in its depot."""


def start(toolchain: Toolchain, threads: int) -> Any:
    """Start Julia, or take the one that the notebook has started; its module ``Main``, our package in it.

    Raises ``CapabilityError`` when juliacall does not start, or another thread has started it.
    """
    ours = "juliacall" not in sys.modules
    with _environment(start_variables(toolchain, threads)):
        try:
            import juliacall
        except Exception as error:  # it raises whatever Julia or the loader said
            raise CapabilityError(
                f"juliacall does not start with Julia {toolchain.version}: {error}",
                remedy="use route='worker', or see `jupyter julia-aot doctor`",
            ) from error
    if not ours:
        _check_thread(juliacall)
    _load(juliacall, _LOAD.format(packages=PACKAGES), ours)
    _leave_julia(juliacall.Main)
    return juliacall.Main


def _check_thread(juliacall: Any) -> None:
    """Raise ``CapabilityError`` in another thread than the one that has started Julia before us.

    That one counts as running Julia code until :func:`_leave_julia` is called in it: the first garbage
    collection would wait for it for ever.
    """
    with contextlib.suppress(AttributeError, KeyError):  # another version of juliacall
        stack = juliacall.CONFIG["lib"].jl_get_pgcstack
        stack.restype = ctypes.c_void_p
        if stack() is None:
            raise CapabilityError(
                "another thread of this process has started Julia",
                remedy="run a Julia cell in the thread that imported juliacall first, or use route='worker'",
            )


def _load(juliacall: Any, code: str, started_here: bool) -> None:
    """Have Julia load our package, before the first conversion of a value: it brings those compiled.

    ``started_here``: this thread has just started Julia. Only such a thread may call Julia's C interface.
    """
    if started_here:
        with contextlib.suppress(AttributeError, KeyError):  # another version of juliacall
            evaluate = juliacall.CONFIG["lib"].jl_eval_string
            if evaluate(code.encode()) is not None:
                return
    # As juliacall would; it also says what is wrong.
    juliacall.Main.seval(code)


def _leave_julia(main: Any) -> None:
    """Let Julia's collector not wait for this thread while it is in Python.

    Julia takes a thread that called ``jl_init`` for one that runs Julia code, until it says otherwise. From
    here on each call enters Julia through a C-callable function, which marks the thread as running and puts
    back what was before (since Julia 1.9). At exit Julia must find its first thread as it had left it.
    """
    pointer, state = ctypes.c_void_p, ctypes.c_int8
    states = ctypes.PYFUNCTYPE(pointer)(_address(main, "jl_get_ptls_states"))()
    leave = ctypes.PYFUNCTYPE(None, pointer, state)(_address(main, "jl_gc_safe_leave"))
    before = ctypes.PYFUNCTYPE(state, pointer)(_address(main, "jl_gc_safe_enter"))(states)
    atexit.register(leave, states, before)


def _address(main: Any, symbol: str) -> int:
    return int(main.seval(f"UInt(cglobal(:{symbol}))"))


def start_variables(toolchain: Toolchain, threads: int = 1) -> dict[str, str]:
    """What juliacall must find in the environment when it is imported."""
    from jupyter_julia_aot.toolchain.packages import package_environment
    from jupyter_julia_aot.toolchain.probe import installation

    place = installation(toolchain)
    project = os.environ.get("PYTHON_JULIACALL_PROJECT") or package_environment("PythonCall", place)
    return {
        **toolchain.environment,
        "PYTHON_JULIACALL_EXE": toolchain.path,
        # Else juliacall starts another Julia to ask for them.
        **({"PYTHON_JULIACALL_LIB": place.libjulia} if place.libjulia else {}),
        "PYTHON_JULIACALL_BINDIR": place.bindir,
        "PYTHON_JULIACALL_PROJECT": project,
        "PYTHON_JULIACALL_HANDLE_SIGNALS": "no" if threads == 1 else "yes",
        "PYTHON_JULIACALL_THREADS": str(threads),
        "PYTHON_JULIACALL_STARTUP_FILE": "no",
        "PYTHON_JULIACALL_AUTOLOAD_IPYTHON_EXTENSION": "no",
        "PYTHON_JULIAPKG_OFFLINE": "yes",
    }


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
