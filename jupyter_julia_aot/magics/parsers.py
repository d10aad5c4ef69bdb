"""The options of each magic."""

from __future__ import annotations

from functools import cache

from jupyter_julia_aot.magics.arguments import MagicParser
from jupyter_julia_aot.pipeline.build_options import add_build_options


def _name(parser: MagicParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the function's name")


@cache
def gen_parser() -> MagicParser:
    """``%%julia_gen``."""
    p = MagicParser(
        "%%julia_gen", "Ask the model for the Julia function NAME; the cell says what it shall do."
    )
    _name(p)
    p.setting("-n", "--samples", setting="samples", type=int, metavar="N")
    p.add_argument(
        "--tests",
        metavar="NAME_OR_FILE",
        help="the oracle: a %%%%julia_tests name, or a file (default: %%%%julia_tests NAME)",
    )
    p.add_argument("--signature", metavar="SIG", help="such as 'f(x::Vector{Float64})::Float64'")
    p.setting("--repair", setting="repair", type=int, metavar="N")
    p.setting("--temperature", setting="temperature", type=float, metavar="T")
    p.setting("--max-tokens", setting="max_tokens", type=int, metavar="N")
    p.setting("--model", setting="model", metavar="NAME")
    p.setting("--base-url", setting="base_url", metavar="URL")
    p.add_argument("--seed", type=int, help="make the sampling repeatable")
    _trial(p)
    p.add_argument("--first", action="store_true", help="stop asking when one candidate has passed")
    p.add_argument("--reactant", action="store_true", help="ask for traceable, array-style code")
    p.add_argument("--trust", action="store_true", default=None, help="bind the best one even if unproven")
    p.add_argument("--no-accept", action="store_true", help="only show; bind nothing")
    _background(p)
    return p


def _trial(p: MagicParser) -> None:
    p.setting("--timeout", setting="trial_seconds", type=float, metavar="S")
    p.setting("--memory", setting="trial_memory_mb", type=int, metavar="MB")
    p.setting("--sandbox", setting="sandbox", choices=["auto", "sandlock", "bubblewrap", "none"])
    p.setting("--julia", setting="julia", metavar="PATH")


def _background(p: MagicParser) -> None:
    p.add_argument("--bg", action="store_true", help="run in the background; the kernel stays usable")


@cache
def tests_parser() -> MagicParser:
    """``%%julia_tests``."""
    p = MagicParser(
        "%%julia_tests", "Tests that the function NAME must pass: Julia @test lines or Python asserts."
    )
    _name(p)
    p.add_argument(
        "--language", choices=["julia", "python"], help="of the cell (default: what it looks like)"
    )
    return p


@cache
def build_parser() -> MagicParser:
    """``%%juliac``."""
    p = MagicParser("%%juliac", "Compile the cell, or the accepted function NAME when the cell is empty.")
    p.add_argument("name", metavar="NAME", help="file name of the result, and the function to build")
    kind = p.add_mutually_exclusive_group()
    kind.add_argument("--exe", dest="kind", action="store_const", const="exe", help="an executable (default)")
    kind.add_argument("--lib", dest="kind", action="store_const", const="lib", help="a shared library")
    add_build_options(p)
    p.setting("--julia", setting="julia", metavar="PATH")
    _background(p)
    return p


@cache
def trial_parser() -> MagicParser:
    """``%%julia_trial``."""
    p = MagicParser(
        "%%julia_trial", "Run the cell in a sandboxed Julia that keeps its state and can be stopped."
    )
    p.add_argument("--reset", action="store_true", help="start with a fresh Julia")
    _trial(p)
    return p


@cache
def wheel_parser() -> MagicParser:
    """``%juliac_wheel``."""
    p = MagicParser("%juliac_wheel", "Write a Python wheel of a library that %%juliac --lib --bundle built.")
    p.add_argument("name", metavar="NAME", help="the library's name")
    p.add_argument("--out", metavar="DIR", default=".", help="where to put it (default: here)")
    p.add_argument("--version", default="0.1.0", help="of the distribution")
    return p
