"""Tab completion and Shift-Tab help inside Julia cells, from Julia's own REPL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import JuliaAotError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_julia_aot.magics.notebook import Notebook

_CELL = re.compile(r"\A\s*%%(julia|julia_trial|reactant|juliac|julia_tests)\b[^\n]*\n")
_WORD = re.compile(r"@?[^\W\d][\w.!]*\Z")
_REST = re.compile(r"[\w!]*")


def register_julia_help(shell: InteractiveShell, notebook: Notebook) -> None:
    """Hook Julia's completions into the shell's, and its docs into the kernel's inspection."""
    from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

    completer: Any = shell.Completer
    if completer is None or any(getattr(m, "julia_aot", False) for m in completer.custom_matchers):
        return

    @context_matcher(identifier="julia_aot")  # type: ignore[untyped-decorator]
    def julia_matcher(context: CompletionContext) -> Any:
        lines = context.full_text.split("\n")
        here = lines[context.cursor_line][: context.cursor_position]
        before = "\n".join([*lines[: context.cursor_line], here])
        found = complete(notebook, context.full_text, len(before))
        if found is None:
            return {"completions": []}
        texts, fragment = found
        return {
            "completions": [SimpleCompletion(text, type="julia") for text in texts],
            "matched_fragment": fragment,
            "suppress": True,
            "ordered": True,
        }

    julia_matcher.julia_aot = True
    completer.custom_matchers.append(julia_matcher)
    kernel: Any = getattr(shell, "kernel", None)
    if kernel is not None and not hasattr(kernel, "_julia_aot_python"):
        _answer_in_julia_cells(kernel, notebook)


def _answer_in_julia_cells(kernel: Any, notebook: Notebook) -> None:
    """Let the kernel ask Julia, where IPython would go on to its own matchers after an empty answer."""
    complete_python, inspect_python = kernel._julia_aot_python = (kernel.do_complete, kernel.do_inspect)

    def do_complete(code: str, cursor_pos: int) -> Any:
        found = complete(notebook, code, cursor_pos)
        if found is None:
            return complete_python(code, cursor_pos)
        texts, fragment = found
        return {
            "status": "ok",
            "matches": texts,
            "cursor_start": cursor_pos - len(fragment),
            "cursor_end": cursor_pos,
            "metadata": {},
        }

    def do_inspect(code: str, cursor_pos: int, *args: Any, **kwargs: Any) -> Any:
        bundle = inspect(notebook, code, cursor_pos)
        if bundle is None:
            return inspect_python(code, cursor_pos, *args, **kwargs)
        return {"status": "ok", "found": bool(bundle), "data": bundle, "metadata": {}}

    kernel.do_complete, kernel.do_inspect = do_complete, do_inspect


def complete(notebook: Notebook, text: str, position: int) -> tuple[list[str], str] | None:
    """Julia's completions at ``position`` of a notebook cell, and what before it each replaces.

    ``None`` outside of Julia code, and before any Julia cell has run: completion starts no Julia.
    """
    head = _CELL.match(text)
    if head is None or position < head.end() or notebook.cells is None:
        return None
    code, at = text[head.end() :], position - head.end()
    try:
        texts, start, _stop = notebook.cells.cells.completions(code, at)
    except JuliaAotError:
        # Completion has no place to tell of a Julia that ended; the next cell will.
        return [], ""
    return texts, code[start:at]


def inspect(notebook: Notebook, text: str, position: int) -> dict[str, str] | None:
    """Julia's help on the word at ``position``, by MIME type; ``None`` outside of Julia code."""
    head = _CELL.match(text)
    if head is None or position < head.end() or notebook.cells is None:
        return None
    end = position + len(_REST.match(text, position).group())  # type: ignore[union-attr]  # matches nothing, too
    # After an opening parenthesis it is the function that is asked for.
    word = _WORD.search(text[head.end() : end].rstrip("("))
    if word is None:
        return {}
    from jupyter_julia_aot.pipeline.cells import help_code

    try:
        result = notebook.cells.cells.run(help_code(word.group()), "help")
    except JuliaAotError:
        return {}
    kept = ("text/plain", "text/html", "text/markdown")
    return {mime: str(value) for mime, value in (result.bundle or {}).items() if mime in kept}
