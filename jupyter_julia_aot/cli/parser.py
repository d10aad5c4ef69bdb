"""The verbs of the command line, and the options they share."""

from __future__ import annotations

import argparse

from jupyter_julia_aot import __version__
from jupyter_julia_aot.cli import builds, demo, evaluate, generate, history, measure, serve, status


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``jupyter julia-aot``; each verb sets ``run(args, output) -> exit code``."""
    parser = argparse.ArgumentParser(
        prog="jupyter julia-aot",
        description="A local language model writes Julia, a sandbox proves it, a compiler makes it a binary.",
        epilog="Exit codes: 0 ran and succeeded, 1 ran and the answer is no, 2 could not run.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for module in (status, demo, generate, evaluate, builds, history, serve, measure):
        module.add_verbs(verbs)
    return parser
