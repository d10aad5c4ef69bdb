"""``jupyter julia-aot …``: the command line.

Exit codes: 0 ran and succeeded, 1 ran and the answer is no, 2 could not run. With ``--json`` the
result is one JSON value on stdout; progress and messages go to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

# What shells report for a command that Ctrl-C ended.
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (argparse's own errors exit with 2)."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:2] == ["eval", "compare"]:  # `eval compare A B` is `compare A B`
        del arguments[0]
    try:
        from jupyter_julia_aot.cli.command import run
        from jupyter_julia_aot.cli.parser import build_parser

        return run(build_parser().parse_args(arguments))
    except KeyboardInterrupt:  # while the modules are read; `run` says it itself
        sys.stderr.write("stopped\n")
        return INTERRUPTED
