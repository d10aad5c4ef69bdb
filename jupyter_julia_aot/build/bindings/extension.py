"""The Python side of a binding in C: one wrapper per method, for the helpers of :file:`binding.c`."""

from __future__ import annotations

import json

from jupyter_julia_aot.build.bindings.signature import (
    COMPLEX,
    SCALARS,
    Argument,
    Description,
    Function,
    Method,
    Node,
    argument_slots,
    python_identifier,
    result_slots,
    symbol,
)

GIVE = {"Float32": "PyFloat_FromDouble({})", "Float64": "PyFloat_FromDouble({})", "Bool": "give_bool({})"}


class Extension:
    """Writes the C source of the module ``_binding``; :meth:`text` is it."""

    def __init__(self, description: Description) -> None:
        self._functions = [f for f in description.functions if f.methods]
        self._forms: list[tuple[str, int, str]] = []
        self.classes: list[Node] = []
        """Types that Python has a class for, in the order that ``open`` wants them."""
        self.structured: list[tuple[int, Node]] = []
        """Element types that only NumPy can spell in a buffer's format: place in the table, struct."""
        wrappers = [self._wrapper(f, m, n) for f in self._functions for n, m in enumerate(f.methods)]
        entries = [self._function(f) for f in self._functions]
        self.text = "\n\n".join(
            [
                '#include "binding.c"',
                self._tables(),
                *wrappers,
                *entries,
                self._module(),
                "",
            ]
        )

    # ------------------------------------------------------------ tables

    def _tables(self) -> str:
        methods = [(f, m, n) for f in self._functions for n, m in enumerate(f.methods)]
        declared = [f"static int64_t (*p_{symbol(f, n)})({parameters(m)});" for f, m, n in methods]
        rows = [f'    {{"{symbol(f, n)}", (void **)&p_{symbol(f, n)}}},' for f, _, n in methods]
        forms = [
            f"    {{{json.dumps(name)}, {json.dumps(letters)}, {size}}},"
            for name, size, letters in self._forms
        ]
        return "\n".join(
            [
                "static aot_form forms[] = {",
                *forms,
                '    {"", "", 0},',
                "};",
                *declared,
                "static const aot_symbol symbols[] = {",
                *rows,
                "    {NULL, NULL},",
                "};",
            ]
        )

    def _form(self, array: Node) -> int:
        element = array.items[0]
        if element.kind == "scalar":
            row = (SCALARS[element.julia][1], array.itemsize, SCALARS[element.julia][2])
        elif element.kind == "complex":
            row = (COMPLEX[element.julia][1], array.itemsize, COMPLEX[element.julia][2])
        else:
            row = (f"{element.name}_dtype", array.itemsize, "")
        if row not in self._forms:
            self._forms.append(row)
            if element.kind == "struct":
                self.structured.append((len(self._forms) - 1, array))
        return self._forms.index(row)

    def _class(self, node: Node) -> int:
        if node not in self.classes:
            self.classes.append(node)
        return self.classes.index(node)

    # ------------------------------------------------------------ one method

    def _wrapper(self, function: Function, method: Method, number: int) -> str:
        """``int call_X(args, result)``: 0 when the arguments do not fit, else 1 and a result or an error."""
        name = symbol(function, number)
        self._arrays = 0
        self._parts = 0
        takes: list[str] = []
        locals_: list[str] = []
        for index, argument in enumerate(method.arguments):
            where = f"{python_identifier(function.name)}: {argument.name}"
            takes += self._take(f"args[{index}]", f"a{index}", argument.type, where, locals_)
        results = [f"{s.c} {s.name}{' = {0}' if s.c == 'aot_array' else ' = 0'};" for s in _outs(method)]
        arguments = [s.name for s in _ins(method)]
        arguments += [f"&{s.name}" for s in _outs(method)]
        arrays = max(self._arrays, 1)
        value = self._give("r", method.returns) if method.returns.kind != "nothing" else "give_none()"
        lines = [
            f"static int call_{name}(PyObject *const *args, PyObject **result)",
            "{",
            "    int fits = 0;",
            f"    aot_in ins[{arrays}] = {{{{{{0}}, 0}}}};",
            f"    PyObject *parts[{max(self._parts, 1)}] = {{NULL}};",
            *(f"    {line}" for line in [*locals_, *results]),
            "    (void)args, (void)parts;",
            *(f"    {line}" for line in takes),
            "    fits = 1;",
            "    PyThreadState *thread = PyEval_SaveThread();",
            f"    int64_t fault = p_{name}({', '.join(arguments)});",
            "    PyEval_RestoreThread(thread);",
            f"    *result = fault != 0 ? raise_julia(fault) : {value};",
            "done:",
            f"    for (int i = 0; i < {arrays}; i++) drop(&ins[i]);",
            f"    for (int i = 0; i < {max(self._parts, 1)}; i++) if (parts[i] != NULL) Py_DecRef(parts[i]);",
            "    return fits;",
            "}",
        ]
        if not takes:
            lines.remove("done:")
        return "\n".join(lines)

    def _take(self, source: str, base: str, node: Node, where: str, locals_: list[str]) -> list[str]:
        quoted = json.dumps(where)
        kind = node.kind

        def check(call: str) -> str:
            return f"if (!{call}) goto done;"

        slots = list(argument_slots(base, node))
        if kind == "scalar":
            c, julia = SCALARS[node.julia][0], node.julia
            locals_.append(f"{c} {base} = 0;")
            if julia == "Bool":
                return [check(f"take_bool({source}, {quoted}, &{base})")]
            if julia.startswith("Float"):
                made = f"half_of({base}_x)" if julia == "Float16" else f"({c}){base}_x"
                locals_.append(f"double {base}_x = 0;")
                return [check(f"take_double({source}, {quoted}, &{base}_x)"), f"{base} = {made};"]
            bits = julia.removeprefix("U").removeprefix("Int")
            sign, wide = ("unsigned", "uint64_t") if julia.startswith("U") else ("signed", "int64_t")
            locals_.append(f"{wide} {base}_x = 0;")
            return [check(f"take_{sign}({source}, {quoted}, {bits}, &{base}_x)"), f"{base} = ({c}){base}_x;"]
        if kind == "wide":
            locals_ += [f"{s.c} {s.name} = 0;" for s in slots]
            high = f"(int64_t *)&{base}_high"
            signed = int(node.julia == "Int128")
            return [check(f"take_wide({source}, {quoted}, {signed}, &{base}_low, {high})")]
        if kind == "complex":
            locals_ += [f"double {base}_re = 0, {base}_im = 0;", *(f"{s.c} {s.name} = 0;" for s in slots)]
            return [
                check(f"take_complex({source}, {quoted}, &{base}_re, &{base}_im)"),
                f"{base}_real = ({slots[0].c}){base}_re;",
                f"{base}_imaginary = ({slots[0].c}){base}_im;",
            ]
        if kind == "string":
            locals_ += [f"const char *{base} = NULL;", f"int64_t {base}_bytes = 0;"]
            return [check(f"take_text({source}, {quoted}, &{base}, &{base}_bytes)")]
        if kind == "char":
            locals_.append(f"uint32_t {base} = 0;")
            return [check(f"take_char({source}, {quoted}, &{base})")]
        if kind == "array":
            place, number = self._form(node), self._arrays
            self._arrays += 1
            locals_ += [f"void *{base} = NULL;", f"int64_t {base}_dims[AOT_DIMS] = {{0}};"]
            call = (
                f"take_array({source}, {quoted}, &forms[{place}], {node.ndim}, &ins[{number}], "
                f"&{base}, {base}_dims)"
            )
            return [check(call)]
        if kind == "nothing":
            return [f'if ({source} != Py_None) {{ wrong({quoted}, "None", {source}); goto done; }}']
        if kind == "optional":
            locals_.append(f"uint8_t {base}_given = 0;")
            inner = self._take(source, base, node.items[0], where, locals_)
            return [
                f"if ({source} != Py_None) {{",
                f"    {base}_given = 1;",
                *(f"    {line}" for line in inner),
                "}",
            ]
        return self._take_parts(source, base, node, where, locals_)

    def _take_parts(self, source: str, base: str, node: Node, where: str, locals_: list[str]) -> list[str]:
        first, count = self._parts, len(node.items)
        self._parts += count
        wanted = f"a tuple of {count}" if not node.names else f"{node.name} ({', '.join(node.names)})"
        names = "NULL"
        if node.names:
            names = f"{base}_names"
            listed = ", ".join(json.dumps(python_identifier(n)) for n in node.names)
            locals_.append(f"static const char *const {names}[] = {{{listed}}};")
        told = f"{json.dumps(where)}, {json.dumps(wanted)}"
        call = f"take_parts({source}, {told}, {count}, {names}, parts + {first})"
        lines = [f"if (!{call}) goto done;"]
        for index, (label, item) in enumerate(zip(node.labels(), node.items, strict=True)):
            short = python_identifier(label).rstrip("_")
            lines += self._take(
                f"parts[{first + index}]", f"{base}_{short}", item, f"{where}.{label}", locals_
            )
        return lines

    def _give(self, base: str, node: Node) -> str:
        """The C expression that makes the Python value of a result; a new reference."""
        kind = node.kind
        if kind == "scalar":
            if node.julia == "Float16":
                return f"PyFloat_FromDouble(of_half({base}))"
            plain = (
                "PyLong_FromUnsignedLongLong({})" if node.julia.startswith("U") else "PyLong_FromLongLong({})"
            )
            return GIVE.get(node.julia, plain).format(base)
        if kind == "wide":
            return f"give_wide({base}_low, (uint64_t){base}_high, {int(node.julia == 'Int128')})"
        if kind == "complex":
            return f"PyComplex_FromDoubles({base}_real, {base}_imaginary)"
        if kind == "string":
            return f"give_text(&{base})"
        if kind == "char":
            return f"PyUnicode_FromOrdinal((int){base})"
        if kind == "array":
            return (
                f"give_array(&{base}, &forms[{self._form(node)}], {node.ndim}, ins, {max(self._arrays, 0)})"
            )
        if kind == "nothing":
            return "give_none()"
        if kind == "optional":
            return f"({base}_given ? {self._give(base, node.items[0])} : give_none())"
        parts = [
            self._give(f"{base}_{python_identifier(label).rstrip('_')}", item)
            for label, item in zip(node.labels(), node.items, strict=True)
        ]
        place = -1 if kind == "tuple" else self._class(node)
        listed = ", ".join(parts) or "NULL"
        return f"give_parts({place}, {len(parts)}, (PyObject *[]){{{listed}}})"

    # ------------------------------------------------------------ functions and the module

    def _function(self, function: Function) -> str:
        name = python_identifier(function.name)
        thread = ["    if (!on_own_thread()) return NULL;"]
        lines = [f"static PyObject *py_{name}(PyObject *self, PyObject *const *args, Py_ssize_t count)", "{"]
        lines += ["    PyObject *result = NULL;", "    (void)self;", *thread]
        counts: dict[int, list[int]] = {}
        for number, method in enumerate(function.methods):
            counts.setdefault(len(method.arguments), []).append(number)
        for count, numbers in sorted(counts.items()):
            lines.append(f"    if (count == {count}) {{")
            for number in numbers:
                lines.append(f"        if (call_{symbol(function, number)}(args, &result)) return result;")
                if number != numbers[-1]:
                    # Another method may take them; only a wrong type is a reason to look.
                    lines.append(
                        "        if (!PyErr_ExceptionMatches(PyExc_TypeError) && "
                        "!PyErr_ExceptionMatches(PyExc_OverflowError)) return NULL;"
                    )
                    lines.append("        PyErr_Clear();")
            if len(numbers) > 1:
                known = "; ".join(signature(function, function.methods[n]) for n in numbers)
                lines.append("        PyErr_Clear();")
                told = json.dumps(f"no method takes these arguments; there are: {known}")
                lines.append(f"        PyErr_SetString(PyExc_TypeError, {told});")
            lines += ["        return NULL;", "    }"]
        takes = " or ".join(map(str, sorted(counts)))
        lines.append(
            f'    return PyErr_Format(PyExc_TypeError, "{name} takes {takes} argument(s), not %zd", count);'
        )
        return "\n".join([*lines, "}"])

    def _module(self) -> str:
        rows = [
            f'    {{"{python_identifier(f.name)}", (void *)py_{python_identifier(f.name)}, METH_FASTCALL, '
            f"{json.dumps(docstring(f))}}},"
            for f in self._functions
        ]
        formats = [
            f"    forms[{place}].format = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(args[4], {number}), NULL);"
            for number, (place, _) in enumerate(self.structured)
        ]
        return "\n".join(
            [
                "/* open(path, make_error, as_array, classes, formats, mode): before anything is called */",
                "static PyObject *py_open(PyObject *self, PyObject *const *args, Py_ssize_t count)",
                "{",
                "    (void)self;",
                '    if (count != 6) return PyErr_Format(PyExc_TypeError, "open takes 6 arguments");',
                "    const char *path = PyUnicode_AsUTF8AndSize(args[0], NULL);",
                "    if (path == NULL) return NULL;",
                "    for (int i = 1; i < 5; i++) Py_IncRef(args[i]);",
                "    make_error = args[1];",
                "    as_array = args[2];",
                "    classes = args[3];",
                *formats,
                "    if (owner_type == NULL) owner_type = PyType_FromSpec(&owner_spec);",
                "    if (owner_type == NULL) return NULL;",
                "    if (!open_library(path, (int)PyLong_AsLongLong(args[5]), symbols)) return NULL;",
                "    return give_none();",
                "}",
                "",
                "static PyMethodDef functions[] = {",
                '    {"open", (void *)py_open, METH_FASTCALL, NULL},',
                *rows,
                "    {NULL, NULL, 0, NULL},",
                "};",
                "static PyModuleDef_Slot slots[] = {{0, NULL}};",
                "static PyModuleDef definition = {",
                '    PyModuleDef_HEAD_INIT, "_binding", NULL, 0, functions, slots, NULL, NULL, NULL};',
                '__attribute__((visibility("default"))) PyObject *PyInit__binding(void)',
                "{",
                "    return PyModuleDef_Init(&definition);",
                "}",
            ]
        )


def _outs(method: Method) -> list[_Out]:
    return [_Out(s.c, s.name) for s in result_slots("r", method.returns)]


def _ins(method: Method) -> list[_Out]:
    found = []
    for number, argument in enumerate(method.arguments):
        for s in argument_slots(f"a{number}", argument.type):
            name = s.name
            if s.role == "dimension":
                base, _, index = s.name.rpartition("_dim")
                name = f"{base}_dims[{int(index) - 1}]"
            found.append(_Out(s.c, name))
    return found


class _Out:
    def __init__(self, c: str, name: str) -> None:
        self.c = c
        self.name = name


def parameters(method: Method) -> str:
    """The C parameter list of a method."""
    words = [
        _declared(s.c, s.name)
        for n, a in enumerate(method.arguments)
        for s in argument_slots(f"a{n}", a.type)
    ]
    words += [_declared(f"{s.c} *", s.name) for s in result_slots("r", method.returns)]
    return ", ".join(words) or "void"


def _declared(c: str, name: str) -> str:
    return f"{c}{name}" if c.endswith("*") else f"{c} {name}"


def signature(function: Function, method: Method) -> str:
    """As Julia writes it: ``scale(factor::Int64, values::Vector{Float64})``."""
    return f"{function.name}({', '.join(map(_typed, method.arguments))})"


def _typed(argument: Argument) -> str:
    return f"{argument.name}::{argument.type.julia}"


def docstring(function: Function) -> str:
    """With the text signature that ``inspect`` and Jupyter's tooltips read."""
    method = max(function.methods, key=lambda m: len(m.arguments))
    names = ", ".join(a.name for a in method.arguments)
    shown = "\n".join(f"{signature(function, m)}::{m.returns.julia}" for m in function.methods)
    head = f"{python_identifier(function.name)}({names}{', /' if names else ''})\n--\n\n"
    return f"{head}{shown}\n\nJulia, compiled ahead of time. Arrays are passed without a copy."
