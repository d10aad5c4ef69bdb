"""Back into Python: the C functions, the header and the Python package of a library.

``describe.jl`` says what the functions take and give; ``shim`` writes the Julia that exports them,
``header`` the C header, ``extension`` and ``package`` the Python package, ``load`` opens it.
"""
