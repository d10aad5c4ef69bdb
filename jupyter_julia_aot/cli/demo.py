"""``demo``: run the first notebook, say how each step went, leave a page to look at."""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Any

from jupyter_julia_aot.cli.command import ANSWER_IS_NO, SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_verb
from jupyter_julia_aot.errors import SettingError

NOTEBOOK = "01_generate_and_compile.ipynb"


def add_verbs(verbs: Verbs) -> None:
    """Register ``demo``."""
    demo = add_verb(verbs, "demo", run_demo, "run the demo notebook and write a page of it")
    demo.add_argument("--notebook", metavar="FILE", help=f"another notebook than {NOTEBOOK}")
    demo.add_argument("--out", metavar="DIR", default="demo", help="where the page goes (default: demo)")
    demo.add_argument("--cell-seconds", type=int, default=900, metavar="S", help="longest one cell may take")


def run_demo(args: argparse.Namespace, output: Output) -> int:
    """``demo``: 0 when every cell ran, 1 when one failed (the page shows how far it came)."""
    import os

    import nbformat
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    path = find_notebook(args.notebook)
    notebook = nbformat.read(path, as_version=4)
    if args.julia:
        # The notebook's kernel is a process of its own: it finds the choice where all settings live.
        os.environ["JULIA_AOT_JULIA"] = args.julia
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    failed: str | None = None
    try:
        _client(notebook, output, args.cell_seconds, out).execute()
    except CellExecutionError as error:
        failed = f"{error.ename}: {error.evalue}"
    except (CellTimeoutError, DeadKernelError) as error:
        failed = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    page, copy = out / path.with_suffix(".html").name, out / path.name
    nbformat.write(notebook, copy)
    page.write_text(render(notebook, path.stem), encoding="utf-8")
    seconds = time.monotonic() - began
    output.result({"page": str(page), "notebook": str(copy), "seconds": round(seconds, 1), "error": failed})
    if failed:
        output.progress(f"✗ {failed}")
        if failed.startswith("NoCandidateError") and (other := _other_model()):
            output.progress(f"→ {other}")
    output.line(f"\n{'✗ stopped' if failed else '✓ done'} after {seconds:.0f} s")
    output.line(f"page:     {page.resolve().as_uri()}")
    output.line(f"notebook: {path}")
    return ANSWER_IS_NO if failed else SUCCEEDED


def _other_model() -> str:
    """What to try when the model in use could not do it; empty when it was the embedded one."""
    from jupyter_julia_aot.pipeline.doctor import model_in_use

    model = model_in_use()
    if model["source"] == "embedded":
        return ""
    return (
        f"{model['model']} at {model['base_url']} was asked; the small model that comes with this can do the "
        "demo: JULIA_AOT_BASE_URL=embedded make demo"
    )


def find_notebook(given: str | None) -> Path:
    """The notebook to run: the given one, the clone's, or the copy in the package.

    Raises :class:`SettingError` naming the places looked at.
    """
    package = Path(__file__).resolve().parents[1]
    places = (
        [Path(given)]
        if given
        else [
            package.parent / "notebooks" / NOTEBOOK,
            package / "notebooks" / NOTEBOOK,
            Path("notebooks") / NOTEBOOK,
        ]
    )
    found = next((p for p in places if p.is_file()), None)
    if found is None:
        raise SettingError(
            f"no notebook at {' or '.join(map(str, places))}", remedy="give its path: demo --notebook FILE"
        )
    return found


def _client(notebook: Any, output: Output, cell_seconds: int, out: Path) -> Any:
    from nbclient import NotebookClient

    titles: dict[int, str] = {}
    title = ""
    for index, cell in enumerate(notebook.cells):
        headings = [li for li in cell.source.splitlines() if li.startswith("#")]
        if cell.cell_type == "markdown" and headings:
            title = headings[0].lstrip("# ")
        titles[index] = title
    said: set[str] = set()

    def started(cell: Any, cell_index: int) -> None:
        if titles[cell_index] not in said:
            said.add(titles[cell_index])
            output.line(f"\n{titles[cell_index]}")

    def executed(cell: Any, cell_index: int, execute_reply: Any) -> None:
        for line in cell_text(cell)[:12]:
            output.line(f"    {line}")

    return NotebookClient(
        notebook,
        timeout=cell_seconds,
        kernel_name="python3",
        resources={"metadata": {"path": str(out)}},
        # The kernel's remarks about its own transport are not part of the demo.
        extra_arguments=["--log-level=40"],
        # A page must not fetch a widget manager from elsewhere: the static forms are shown.
        store_widget_state=False,
        on_cell_execute=started,
        on_cell_executed=executed,
    )


def cell_text(cell: Any) -> list[str]:
    """The plain text of a cell's outputs, line by line."""
    lines: list[str] = []
    for item in cell.get("outputs", []):
        text = item.get("text") or item.get("data", {}).get("text/plain") or ""
        lines += str(text).rstrip().splitlines()
    return lines


def render(notebook: Any, title: str) -> str:
    """One HTML page that needs nothing else."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(embed_images=True, mathjax_url="", require_js_url="", jquery_url="")
    html, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    # nbconvert leaves the tags of the libraries that were turned off above.
    return re.sub(r'<script src="">\s*</script>', "", str(html))
