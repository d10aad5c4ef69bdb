"""``serve``: the embedded model as an OpenAI-compatible server in the foreground."""

from __future__ import annotations

import argparse
import signal
from functools import partial
from types import FrameType

from jupyter_julia_aot.cli.command import SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_verb
from jupyter_julia_aot.errors import ModelError


def add_verbs(verbs: Verbs) -> None:
    """Register ``serve``."""
    serve = add_verb(verbs, "serve", run_serve, "serve the embedded model to every program of this machine")
    serve.add_argument(
        "--gguf", metavar="FILE", default="", help="another model file (default: the embedded)"
    )
    serve.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help="port on 127.0.0.1 (default: 9931, or a free one; 0: a free one)",
    )
    serve.add_argument(
        "--key", metavar="KEY", default="", help="API key that clients must send (default: none is asked for)"
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; ports are 0 … 65535")
    return int(text)


def run_serve(args: argparse.Namespace, output: Output) -> int:
    """``serve``: 0 after Ctrl-C or SIGTERM, which are how it ends."""
    from jupyter_julia_aot.pipeline.serving import serving

    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with serving(args.gguf, args.port, args.key, partial(_say, output)) as server:
            output.result(
                {
                    "base_url": server.base_url,
                    "model": server.model,
                    "context_tokens": server.context_tokens,
                    "slots": server.slots,
                    "pid": server.pid,
                }
            )
            output.line(f"{server.model} answers at {server.base_url}  (Ctrl-C ends it)")
            output.progress(f"serving {server.base_url}")
            try:
                how = server.wait()
            except KeyboardInterrupt:
                output.progress("stopped")
                return SUCCEEDED
            raise ModelError(
                how or "the embedded model ended", remedy="start it again; free memory if it was killed"
            )
    finally:
        signal.signal(signal.SIGTERM, previous)


def _say(output: Output, message: str, fraction: float | None) -> None:
    output.progress(message if fraction is None else f"{message} {fraction:.0%}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
