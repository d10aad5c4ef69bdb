"""StableHLO text: counted, and shown with colours; escaped, as it holds names from foreign code."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass

_OPERATION = re.compile(r'(?<![\w.%@#!"])"?([a-z_]+)\.([a-z_][\w.]*)"?(?=[\s(<]|$)')
_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*)"
    r'|(?P<text>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<type>\b(?:tensor|tuple|complex|memref)<[^\n]*?>(?!>)|![\w.]+)"
    r"|(?P<value>[%@#][\w.$-]+)"
    r"|(?P<number>(?<![\w.])-?\d[\w.+-]*)"
    r"|(?P<op>(?<![\w.])[a-z_]+\.[a-z_][\w.]*)"
    r"|(?P<word>\b(?:module|func|return|attributes|public|private|dense)\b)"
)
_STYLE = (
    "<style>.jja-hlo pre{overflow:auto;max-height:28em;line-height:1.35}"
    ".jja-hlo .c{opacity:.6;font-style:italic}.jja-hlo .t{color:var(--jp-mirror-editor-string-color,#a31515)}"
    ".jja-hlo .y{color:var(--jp-mirror-editor-variable-2-color,#05a)}"
    ".jja-hlo .v{color:var(--jp-mirror-editor-variable-color,#333)}"
    ".jja-hlo .n{color:var(--jp-mirror-editor-number-color,#098658)}"
    ".jja-hlo .o{color:var(--jp-mirror-editor-keyword-color,#008000);font-weight:600}"
    ".jja-hlo td,.jja-hlo th{text-align:right;padding:0 .8em}"
    ".jja-hlo td:first-child{text-align:left;font-family:monospace}</style>"
)
_CLASSES = {
    "comment": "c",
    "text": "t",
    "type": "y",
    "value": "v",
    "number": "n",
    "op": "o",
    "word": "o",
}


def count_operations(text: str) -> dict[str, int]:
    """How often each operation occurs, most frequent first: ``{"stablehlo.add": 2, …}``.

    Attributes such as ``mhlo.num_partitions`` are none, nor is what stands in comments and strings.
    """
    counts: Counter[str] = Counter()
    for line in text.splitlines():
        code = line.split("//")[0].strip()
        # An operation begins its line, after the names of what it gives: `%0, %1 = op …`.
        statement = re.sub(r"^(?:%[\w#:]+(?:\s*,\s*%[\w#:]+)*\s*=\s*)", "", code)
        found = _OPERATION.match(statement)
        if found:
            counts[f"{found[1]}.{found[2]}"] += 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def highlighted(text: str) -> str:
    """The text as HTML with spans for comments, strings, types, values, numbers and operations."""
    parts, at = [], 0
    for token in _TOKEN.finditer(text):
        parts.append(html.escape(text[at : token.start()]))
        kind = _CLASSES[str(token.lastgroup)]
        parts.append(f'<span class="{kind}">{html.escape(token.group())}</span>')
        at = token.end()
    parts.append(html.escape(text[at:]))
    return "".join(parts)


@dataclass(frozen=True, slots=True, repr=False)
class Hlo:
    """A function's StableHLO before and after optimisation."""

    name: str
    before: str
    after: str

    def counts(self) -> dict[str, tuple[int, int]]:
        """For each operation, how often it occurs before and after."""
        before, after = count_operations(self.before), count_operations(self.after)
        return {op: (before.get(op, 0), after.get(op, 0)) for op in dict.fromkeys([*before, *after])}

    def __str__(self) -> str:
        rows = [f"  {op:<36} {a:>6} {b:>6}" for op, (a, b) in self.counts().items()]
        table = "\n".join([f"  {'operation':<36} {'before':>6} {'after':>6}", *rows])
        return f"{table}\n\n// before optimisation\n{self.before}\n\n// after optimisation\n{self.after}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(op)}</td><td>{a}</td><td>{b}</td></tr>"
            for op, (a, b) in self.counts().items()
        )
        parts = "".join(
            f"<details{' open' if title == 'after' else ''}><summary>{title} optimisation</summary>"
            f"<pre>{highlighted(text)}</pre></details>"
            for title, text in (("before", self.before), ("after", self.after))
        )
        table = f"<table><tr><th>operation</th><th>before</th><th>after</th></tr>{rows}</table>"
        return f'<div class="jja-hlo">{_STYLE}{table}{parts}</div>'
