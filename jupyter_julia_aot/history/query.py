"""From what a user types into the search field to SQL conditions with bound parameters."""

from __future__ import annotations

import re
from typing import Any

_WORDS = re.compile(r"\w+", re.UNICODE)


def conditions(search: str, starred: bool) -> tuple[str, list[Any], bool]:
    """``(where clause, parameters, whether the index is used)``.

    Every term must occur somewhere in the run: words match the beginnings of words of name,
    prompt, code, verdict, model and notebook (``close_el`` finds ``has_close_elements``);
    a term without letters or digits (``÷``, ``.^``) is looked for in the code as it is.
    """
    phrases, symbols = [], []
    for term in search.split():
        words = _WORDS.findall(term.replace("_", " "))
        if words:
            phrases.append('"' + " ".join(words) + '"*')
        else:
            symbols.append(term)
    clauses: list[str] = []
    parameters: list[Any] = []
    if phrases:
        clauses.append("search MATCH ?")
        parameters.append(" AND ".join(phrases))
    for symbol in symbols:
        clauses.append(
            "EXISTS (SELECT 1 FROM candidate WHERE candidate.run_id = run.id AND instr(code, ?) > 0)"
        )
        parameters.append(symbol)
    if starred:
        clauses.append("run.starred = 1")
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    return where, parameters, bool(phrases)
