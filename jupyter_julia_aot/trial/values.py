"""Values between Python and Julia: MessagePack with extension types, exact both ways.

:func:`encode` and :func:`decode` are inverse functions for everything Julia sends; ``julia/values.jl`` is
the same in Julia. ``nil bool int float str bin`` of MessagePack are ``nothing Bool Int64 Float64 String
Vector{UInt8}``. A MessagePack array stands for a Python ``list``; Julia makes of it what its literal
``[a, b]`` would make, and likewise of a dict or set whose types are ``nil``. Everything else is an extension:

==  ============  =========================================================================================
 1  number        tag byte (``NUMBERS``), then the number's bytes, little-endian
 2  big integer   two's complement, big-endian
 3  big float     [mantissa as bytes of 2, exponent, precision, special]
 4  complex       [real, imaginary], both of one type
 5  rational      [numerator, denominator], both of one type
 6  character     code point, 4 bytes little-endian
 7  symbol        UTF-8
 8  string        bytes that are not UTF-8
 9  missing       empty
10  array         tag byte, number of dimensions, each as 8 bytes little-endian, elements column by column
11  shared array  [place, tag, [dimensions]]; the elements are there in the window (``shared_arrays.py``)
12  bit array     number of dimensions, each as 8 bytes little-endian, bits, lowest first
13  typed array   [element type, [dimensions], [elements]]
14  tuple         [elements]
15  named tuple   [[names], [values]]
16  pair          [type, type, first, second]
17  dict          [key type, value type, [key, value, …]]
18  set           [element type, [elements]]
19  range         [kind, fields…] (``Range``; ``Int``: first, step, last of a Python range)
20  date          [days] or, for a date and time, [milliseconds, 0], since 0000-12-31
23  handle        [number, type name, text]
==  ============  =========================================================================================

A type is a name or ``[name, parameters…]`` from a closed list (``values_format.py``). Decoding
builds nothing but these, whatever the bytes are, and raises :class:`MalformedValueError` for the rest.
"""

from __future__ import annotations

from jupyter_julia_aot.trial.values_decode import decode
from jupyter_julia_aot.trial.values_encode import encode
from jupyter_julia_aot.trial.values_format import MalformedValueError, NotCarriedError, array_tag

__all__ = ["MalformedValueError", "NotCarriedError", "array_tag", "decode", "encode"]
