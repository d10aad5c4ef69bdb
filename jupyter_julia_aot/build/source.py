"""What a build has to know about Julia source, read from its text: entry points and packages used."""

from __future__ import annotations

import re

_TOKENS = re.compile(
    r'#=.*?=#|#[^\n]*|"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\'(?:\\[^\n]{1,9}?|[^\'\\\n])\'',
    re.S,
)
_NAME = r"[A-Za-z_\u00a1-\uffff][\w!\u00a1-\uffff]*"
_USING = re.compile(r"^[ \t]*(?:using|import)[ \t]+([^\n;]+)", re.M)
_INCLUDE = re.compile(r'\binclude\(\s*"([^"\\$\n]+)"\s*\)')
_LONG_FORM = re.compile(rf"^function[ \t]+({_NAME})[ \t]*[({{]", re.M)
_SHORT_FORM = re.compile(rf"^({_NAME})\(.*?\)[^=\n]*=(?![=>])", re.M)

# Words that begin a definition, or go on with what began above.
_NO_STATEMENT = (
    "function|macro|struct|mutable|abstract|primitive|module|baremodule|using|import|export|public|const|"
    "end|else|elseif|catch|finally|include"
)
_STATEMENT = re.compile(rf"^(?!(?:{_NO_STATEMENT})\b)(?!{_NAME}[ \t]*(?:::[^=\n]*)?=(?!=)){_NAME}", re.M)


def masked(code: str) -> str:
    """The code with comments and the contents of strings as blanks; every line keeps its length."""
    return _TOKENS.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), code)


def has_main(code: str) -> bool:
    """Whether it defines Julia's program entry, ``@main``."""
    return re.search(r"@main\b", masked(code)) is not None


def has_ccallable(code: str) -> bool:
    """Whether it exports C symbols itself."""
    return re.search(r"@ccallable\b", masked(code)) is not None


def without_main_macro(code: str) -> str:
    """The same program for Julia before 1.11, which has no ``@main``; lines stay where they are."""
    hidden = masked(code)
    places = [
        *re.finditer(r"\(\s*@main\s*\)", hidden),
        *re.finditer(r"(?<=function )\s*@main(?=\s*\()", hidden),
    ]
    for place in sorted(places, key=lambda m: m.start(), reverse=True):
        kept = "\n" * place[0].count("\n")
        code = f"{code[: place.start()]}main{kept}{code[place.end() :]}"
    return code


def top_level_functions(code: str) -> tuple[str, ...]:
    """Names of functions that begin at the left margin, in order, each once."""
    hidden = masked(code)
    found = [(m.start(), m[1]) for form in (_LONG_FORM, _SHORT_FORM) for m in form.finditer(hidden)]
    return tuple(dict.fromkeys(name for _, name in sorted(found)))


def has_statements(code: str) -> bool:
    """Whether something at the left margin is to be done, rather than defined or only assigned."""
    functions = {m.start() for m in _SHORT_FORM.finditer(masked(code))}
    return any(m.start() not in functions for m in _STATEMENT.finditer(masked(code)))


def used_packages(code: str) -> tuple[str, ...]:
    """Top names in ``using`` and ``import`` lines, without relative ones and Base, Core, Main."""
    names: list[str] = []
    for match in _USING.finditer(masked(code)):
        parts = match[1].split(":")[0].split(",")
        for part in parts:
            name = part.strip().split(" ")[0]
            top = name.split(".")[0]
            if re.fullmatch(_NAME, top) and top not in ("Base", "Core", "Main"):
                names.append(top)
    return tuple(dict.fromkeys(names))


def included(code: str) -> tuple[str, ...]:
    """The files in ``include("…")`` calls, as they are written there."""
    hidden = masked(code)
    found = (m[1] for m in _INCLUDE.finditer(code) if hidden.startswith("include", m.start()))
    return tuple(dict.fromkeys(found))
