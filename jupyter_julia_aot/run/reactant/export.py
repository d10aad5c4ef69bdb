"""The ahead-of-time form of array code: a StableHLO file, and a Python module that runs it with jax alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jupyter_julia_aot.errors import DeviceError
from jupyter_julia_aot.run.names import python_name

_RUNNER = Path(__file__).with_name("runner.py.txt")
_NUMBERS = {int: "int64", float: "float64", complex: "complex128"}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the program, and the module whose ``run`` calls it."""

    program: Path
    module: Path


def write_program(name: str, text: str, folder: Path, args: Sequence[Any], *, results: int) -> Exported:
    """Write ``NAME.mlir`` and ``NAME.py`` into ``folder``; ``args`` say the shapes and types of arguments.

    Julia's arrays lie column by column and the program's row by row, so the program's shapes are reversed;
    the module turns arguments and results around. ``results``: how many of the program's results are the
    function's; Reactant's export adds the arguments behind them. Raises :class:`DeviceError` for an argument
    that is neither an array nor a number, a function without results, or a text that is no program.
    """
    stem = python_name(name)
    if "func.func" not in text or "@main" not in text:
        raise DeviceError("what Reactant exported is no StableHLO program with a @main function")
    if results < 1:
        raise DeviceError(
            f"{name} returns nothing that depends on its arguments", remedy="return what it computes"
        )
    inputs = [_described(i, value) for i, value in enumerate(args)]
    folder.mkdir(parents=True, exist_ok=True)
    program, module = folder / f"{stem}.mlir", folder / f"{stem}.py"
    program.write_text(text, encoding="utf-8")
    source = _RUNNER.read_text(encoding="utf-8")
    source = source.replace("@NAME@", stem).replace("@INPUTS@", repr(inputs))
    module.write_text(source.replace("@RESULTS@", str(results)), encoding="utf-8")
    return Exported(program, module)


def _described(index: int, value: Any) -> tuple[tuple[int, ...], str] | bool:
    """Shape and element type; a truth value itself, which is part of the program."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, np.ndarray | np.generic):
        return (value.shape, value.dtype.name)
    if type(value) in _NUMBERS:
        return ((), _NUMBERS[type(value)])
    raise DeviceError(f"argument {index + 1} is a {type(value).__name__}; a program takes arrays and numbers")
