"""``%julia setup-run``, ``%julia devices``, ``%julia compare``: where and how Julia runs here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.magics.arguments import MagicParser
from jupyter_julia_aot.magics.notebook import Notebook
from jupyter_julia_aot.magics.screen import in_jupyter
from jupyter_julia_aot.settings import settings


def _say(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201 - a line magic answers in text


def _show(notebook: Notebook, text: str, page: str) -> None:
    if in_jupyter(notebook.shell):
        from IPython.display import display

        display({"text/plain": text, "text/html": page}, raw=True)
    else:
        _say(text)


def setup_run(notebook: Notebook, words: list[str]) -> None:
    """``%julia setup-run``. Raises :class:`~jupyter_julia_aot.errors.CapabilityError`."""
    parser = MagicParser("%julia setup-run", "Make Julia in this process ready, ahead of the first cell.")
    parser.setting("--julia", setting="julia", metavar="PATH")
    args = parser.read_words(words)
    from jupyter_julia_aot.pipeline.routes import prepare_run

    done = prepare_run(args.julia or settings().julia, progress=lambda text: _say(f"… {text}"))
    _say(f"Julia {done.version} is ready: {done.start_seconds:.1f} s to the first result (log: {done.log})")


def show_devices(notebook: Notebook, words: list[str]) -> None:
    """``%julia devices``. Raises :class:`~jupyter_julia_aot.errors.DeviceError` when installing fails."""
    p = MagicParser("%julia devices", "What this machine can compute on, tested, and why not the rest.")
    p.add_argument("--no-test", action="store_true", help="look only; start no helper process")
    p.add_argument("--install", choices=["reactant", "amdgpu"], help="make that Julia environment first")
    p.add_argument("--rocm", action="store_true", help="with --install reactant: its ROCm build")
    p.add_argument("--report", metavar="FILE", help="write it to a file, to attach to an issue")
    p.setting("--julia", setting="julia", metavar="PATH")
    args = p.read_words(words)
    from jupyter_julia_aot.pipeline import devices

    def progress(text: str) -> None:
        _say(f"… {text}")

    julia = args.julia or settings().julia
    if args.install:
        devices.install_environment(args.install, julia, rocm=args.rocm, progress=progress)
    report = devices.device_report(julia, smoke=not args.no_test, progress=progress)
    text = "\n".join(devices.device_lines(report))
    _show(notebook, text, devices.device_page(report))
    if args.report:
        devices.write_device_report(report, Path(args.report))
        _say(f"written to {args.report}")


def compare_routes(notebook: Notebook, words: list[str]) -> None:
    """``%julia compare NAME``. Raises :class:`SettingError` for a function that is not known."""
    p = MagicParser(
        "%julia compare",
        "Run the function NAME by every route of this machine, on the calls that its tests make, and take "
        "the fastest one that gives the right results.",
    )
    p.add_argument("name", metavar="NAME", help="an accepted function, or one of a cell")
    p.add_argument("--routes", nargs="+", default=[], metavar="ROUTE", help="juliacall library reactant")
    p.add_argument(
        "--with", dest="arguments", nargs="+", default=[], metavar="X", help="Python variables to pass"
    )
    p.add_argument("--on", default="auto", metavar="BACKEND", help="of Reactant: auto cpu rocm cuda …")
    p.add_argument("--keep", action="store_true", help="only compare; leave NAME as it is")
    p.setting("--julia", setting="julia", metavar="PATH")
    args = p.read_words(words)
    from jupyter_julia_aot.pipeline.cells import python_name
    from jupyter_julia_aot.pipeline.comparing import ROUTES, compare
    from jupyter_julia_aot.pipeline.routes import built_library, take_best

    code = code_of(notebook, args.name)
    unknown = [r for r in args.routes if r not in ROUTES]
    if unknown:
        raise SettingError(f"%julia compare: no route {unknown[0]!r}", remedy=f"routes: {', '.join(ROUTES)}")
    how: dict[str, Any] = {
        "artifact": built_library(args.name, code, notebook.history),
        "backend": args.on,
        "julia": args.julia or settings().julia,
    }
    found = compare(
        args.name,
        code,
        notebook.oracle(args.name, None),
        inputs=[python_values(notebook, args.arguments)] if args.arguments else (),
        routes=args.routes or ROUTES,
        progress=lambda text: _say(f"… {text}"),
        **how,
    )
    from jupyter_julia_aot.widgets.comparison import comparison_html

    _show(notebook, str(found), comparison_html(found))
    best = None if args.keep else take_best(args.name, code, found, **how)
    if best is not None:
        notebook.shell.user_ns[python_name(args.name)] = best


def code_of(notebook: Notebook, name: str) -> str:
    """The Julia code behind ``name``: of a function that Python has, else of an accepted one.

    Raises :class:`SettingError` when there is none.
    """
    from jupyter_julia_aot.pipeline.cells import python_name

    bound = notebook.shell.user_ns.get(python_name(name))
    code = getattr(bound, "__julia_code__", None)
    return code if isinstance(code, str) else notebook.accepted_code(name)


def python_values(notebook: Notebook, names: list[str]) -> tuple[Any, ...]:
    """Python variables, or numbers written out. Raises :class:`SettingError` for what is neither."""
    values = []
    for word in (part for name in names for part in name.split(",") if part):
        if word in notebook.shell.user_ns:
            values.append(notebook.shell.user_ns[word])
            continue
        try:
            values.append(float(word) if not word.lstrip("+-").isdecimal() else int(word))
        except ValueError as error:
            raise SettingError(f"there is no Python variable {word!r}", remedy="define it") from error
    return tuple(values)
