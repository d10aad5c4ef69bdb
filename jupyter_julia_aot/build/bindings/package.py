"""The Python package of a library: classes for its structs, its functions, and types for checkers."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from jupyter_julia_aot.build.bindings.extension import Extension, docstring, signature
from jupyter_julia_aot.build.bindings.header import functions_with_methods
from jupyter_julia_aot.build.bindings.signature import (
    COMPLEX,
    SCALARS,
    Description,
    Method,
    Node,
    python_identifier,
)

_BUILTIN = {"Bool": "bool", "Float16": "float", "Float32": "float", "Float64": "float"}
# Two Julias that share a libjulia end the process (measured with 1.5.3 and 1.12.5), so the second is refused.
_ALONE = """
maps = pathlib.Path("/proc/self/maps")
if maps.exists() and any(
    pathlib.PurePath(line.split()[-1]).name.startswith("libjulia.") for line in maps.read_text().splitlines()
):
    raise ImportError(
        "a Julia runs in this process already, and this library cannot be the second; "
        "build it with --bundle, which gives it a Julia of its own (1.12 and newer), or use another process"
    )
"""


class Package:
    """Writes ``__init__.py`` and ``__init__.pyi``."""

    def __init__(self, name: str, description: Description, extension: Extension) -> None:
        self._name = name
        self._functions = functions_with_methods(description)
        self._extension = extension
        self._names: dict[Node, str] = {}
        taken = {python_identifier(f.name) for f in self._functions}
        for function, node in self._classes():
            wanted = node.name if node.kind == "struct" else f"{_camel(function)}Result"
            wanted = python_identifier(wanted)
            while wanted in taken:
                wanted += "_"
            taken.add(wanted)
            self._names[node] = wanted

    def _classes(self) -> Iterator[tuple[str, Node]]:
        seen: set[Node] = set()
        for function in self._functions:
            for method in function.methods:
                for root in (*(a.type for a in method.arguments), method.returns):
                    for node in root.walk():
                        if node.kind in ("struct", "named") and node not in seen:
                            seen.add(node)
                            yield function.name, node

    @property
    def uses_arrays(self) -> bool:
        """Whether NumPy is needed."""
        return any(
            node.kind == "array"
            for f in self._functions
            for m in f.methods
            for root in (*(a.type for a in m.arguments), m.returns)
            for node in root.walk()
        )

    # ------------------------------------------------------------ _types.py and __init__.py

    def types(self) -> str:
        """``_types.py``: the classes, which need no library."""
        lines = [
            f'"""Types of {self._name}."""',
            "",
            "import dataclasses",
            "import typing",
            *(["", "import numpy"] if self.uses_arrays else []),
            "",
            "try:",
            "    from jupyter_julia_aot.errors import JuliaError",
            "except ImportError:",
            "",
            "    class JuliaError(RuntimeError):",
            '        """Julia raised it; `julia_type` is its type, `line` the one in the source or None."""',
            "",
            "        def __init__(self, message, *, julia_type='ErrorException', line=None):",
            "            super().__init__(message)",
            "            self.message, self.julia_type, self.line = message, julia_type, line",
            "",
            "        def __str__(self):",
            "            where = f' (line {self.line})' if self.line is not None else ''",
            "            return f'{self.julia_type}{where}: {self.message}'",
            "",
        ]
        for node, name in self._names.items():
            lines += ["", *self._class(node, name, stub=False)]
        for array in self._structured():
            lines += ["", *self._dtype(array)]
        return "\n".join([*lines, ""])

    def source(self, library: str, *, global_symbols: bool, alone: bool) -> str:
        """``__init__.py``. ``library``: the shared library's path, relative to the package;
        ``global_symbols``: others in the process see its symbols; ``alone``: it cannot be in one process
        with another Julia."""
        functions = [python_identifier(f.name) for f in self._functions]
        dtypes = [f"{self._names[a.items[0]]}_dtype" for a in self._structured()]
        public = [*self._names.values(), *dtypes, "JuliaError"]
        formats = "".join(f"memoryview(numpy.empty(1, {d})).format, " for d in dtypes)
        used = "".join(f"{self._names[n]}, " for n in self._extension.classes)
        lines = [
            f'"""{self._name}: Julia, compiled ahead of time."""',
            "",
            "import os",
            "import pathlib",
            *(["", "import numpy"] if self.uses_arrays else []),
            "",
            "from . import _binding",
            f"from ._types import {', '.join(public)}",
            "",
            f"__all__ = {[*functions, *public]!r}",
            "",
            "",
            "def _make_error(kind, message, line):",
            "    return JuliaError(message, julia_type=kind, line=line or None)",
            "",
            *(_ALONE.splitlines() if alone else []),
            "",
            "_binding.open(",
            f"    str((pathlib.Path(__file__).parent / {library!r}).resolve()),",
            "    _make_error,",
            f"    {'numpy.asarray' if self.uses_arrays else 'None'},",
            f"    ({used}),",
            f"    ({formats}),",
            f"    os.RTLD_NOW | {'os.RTLD_GLOBAL' if global_symbols else 'os.RTLD_LOCAL'},",
            ")",
            *(f"{name} = _binding.{name}" for name in functions),
            "",
        ]
        return "\n".join(lines)

    def _structured(self) -> list[Node]:
        return [array for _, array in self._extension.structured]

    def _class(self, node: Node, name: str, *, stub: bool) -> list[str]:
        fields = [
            f"    {python_identifier(label)}: {self.python(item) if stub else 'typing.Any'}"
            for label, item in zip(node.labels(), node.items, strict=True)
        ]
        if node.kind == "named":
            return [f"class {name}(typing.NamedTuple):", *fields]
        return ["@dataclasses.dataclass(frozen=True, slots=True)", f"class {name}:", *fields]

    def _dtype(self, array: Node) -> list[str]:
        element = array.items[0]
        formats = [(SCALARS | COMPLEX)[item.julia][1] for item in element.items]
        words = {
            "names": [python_identifier(n) for n in element.names],
            "formats": formats,
            "offsets": list(array.offsets),
            "itemsize": array.itemsize,
        }
        return [f"{self._names[element]}_dtype = numpy.dtype({words!r})"]

    # ------------------------------------------------------------ __init__.pyi

    def stub(self) -> str:
        """The types, for checkers and editors."""
        lines = ["import dataclasses", "import typing", ""]
        if self.uses_arrays:
            lines += ["import numpy", "import numpy.typing", ""]
        lines += [
            "class JuliaError(RuntimeError):",
            "    message: str",
            "    julia_type: str",
            "    line: int | None",
            "",
        ]
        for node, name in self._names.items():
            lines += [*self._class(node, name, stub=True), ""]
        lines += [f"{self._names[a.items[0]]}_dtype: numpy.dtype[numpy.void]" for a in self._structured()]
        for function in self._functions:
            for method in function.methods:
                if len(function.methods) > 1:
                    lines.append("@typing.overload")
                lines.append(self._declaration(function.name, method))
        return "\n".join([*lines, ""])

    def _declaration(self, name: str, method: Method) -> str:
        words = [f"{a.name}: {self.python(a.type)}" for a in method.arguments]
        positional = [*words, "/"] if words else []
        return f"def {python_identifier(name)}({', '.join(positional)}) -> {self.python(method.returns)}: ..."

    def python(self, node: Node) -> str:
        """A type in Python's notation."""
        kind = node.kind
        if kind == "scalar":
            return _BUILTIN.get(node.julia, "int")
        if kind == "array":
            element = node.items[0]
            named = (SCALARS | COMPLEX)[element.julia][1] if element.kind != "struct" else "void"
            return f"numpy.typing.NDArray[numpy.{'bool_' if named == 'bool' else named}]"
        if kind == "tuple":
            return f"tuple[{', '.join(map(self.python, node.items)) or '()'}]"
        if kind == "optional":
            return f"{self.python(node.items[0])} | None"
        if kind in ("struct", "named"):
            return self._names[node]
        return {"wide": "int", "complex": "complex", "string": "str", "char": "str", "nothing": "None"}[kind]

    # ------------------------------------------------------------ the test that a wheel carries

    def test(self, module: str) -> str:
        """A test of the installed package: it loads, every function is there and checks what it is given."""
        names = [python_identifier(f.name) for f in self._functions]
        return "\n".join(
            [
                f'"""That {module} works where it is installed: python -m pytest --pyargs {module}"""',
                "",
                f"import {module}",
                "",
                "",
                "def test_every_function_is_there():",
                f"    for name in {names!r}:",
                f"        assert callable(getattr({module}, name))",
                "",
                "",
                "def test_arguments_are_counted():",
                f"    for name in {names!r}:",
                "        try:",
                f"            getattr({module}, name)(*range(64))",
                "        except TypeError as error:",
                "            assert 'argument' in str(error)",
                "        else:",
                "            raise AssertionError(name)",
                "",
            ]
        )


def _camel(name: str) -> str:
    words = python_identifier(name).split("_")
    made = "".join(w[:1].upper() + w[1:] for w in words if w)
    return f"{made}_" if keyword.iskeyword(made) else made


def overview(description: Description) -> str:
    """What Python can call, one line per method."""
    return "\n".join(
        f"{signature(f, m)}::{m.returns.julia}"
        for f in functions_with_methods(description)
        for m in f.methods
    )


__all__ = ["Package", "docstring", "overview"]
