"""What Python calls when it calls a Julia function: the short way for plain values, else the general one."""

from __future__ import annotations

from typing import Any


class DirectCall:
    """A callable with a short way to Julia in this process, where there is one.

    A call of bare juliacall takes a microsecond, so every step here counts: plain numbers, texts and NumPy
    arrays need none of what :meth:`_general` does.
    """

    _direct: Any = None
    """PythonCall's method behind the function: takes ``_number`` and the arguments, gives ``NotImplemented``
    for arguments that are not plain, and while another call is in Julia."""
    _number = 0
    _python: frozenset[type] = frozenset()
    """Types of results that are Python's own."""
    _julia: Any = None

    def _take_the_short_way(self, engine: Any, function: str) -> None:
        self._julia = engine
        self._number, self._python = engine.number, engine.python_types
        self._direct = engine.direct(function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._direct is not None and not kwargs:
            try:
                value = self._direct(self._number, args)
            except Exception as error:
                raise self._julia.fault(error) from None
            if value.__class__ in self._python:
                return value
            if value is not NotImplemented:
                return self._julia.to_python(value)
        return self._general(args, kwargs)

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        raise NotImplementedError
