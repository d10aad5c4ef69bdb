"""``doctor`` and ``setup``: what works here, and making it work."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_julia_aot.cli.command import ANSWER_IS_NO, SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_verb
from jupyter_julia_aot.errors import InstallError


def add_verbs(verbs: Verbs) -> None:
    """Register ``doctor`` and ``setup``."""
    doctor = add_verb(
        verbs, "doctor", run_doctor, "say what works on this machine, and why the rest does not"
    )
    doctor.add_argument(
        "--devices", action="store_true", help="test GPUs, too, in helper processes (minutes)"
    )
    doctor.add_argument("--report", metavar="FILE", help="do the same and write it, to attach to an issue")
    setup = add_verb(verbs, "setup", run_setup, "install what is missing: a Julia, and the embedded model")
    setup.add_argument(
        "--source",
        choices=["auto", "official", "debian"],
        default="auto",
        help="where Julia comes from (auto: the official one, else Debian's)",
    )
    setup.add_argument("--force", action="store_true", help="install a Julia even when there is one")
    setup.add_argument("--no-model", action="store_true", help="do not fetch the embedded model")
    setup.add_argument(
        "--no-image", action="store_true", help="do not make the worker image now (workers start more slowly)"
    )


def run_doctor(args: argparse.Namespace, output: Output) -> int:
    """``doctor``: 0 when the main path works, 1 when something is missing."""
    from jupyter_julia_aot.pipeline.doctor import doctor, doctor_lines

    report = doctor()
    devices = args.devices or args.report
    if devices:
        report["device_check"] = _devices(args, output)
    output.result(report)
    for line in doctor_lines(report):
        output.line(line)
    if devices:
        from jupyter_julia_aot.pipeline.devices import device_lines

        for line in device_lines(report["device_check"]):
            output.line(line)
    else:
        for device in report["devices"]:
            output.line(f"Device   {device['name']} ({device['kind']})  {device['reason']}".rstrip())
    for problem in report["problems"]:
        output.line(f"\n✗ {problem['what']}\n  → {problem['remedy']}")
    if not report["problems"]:
        output.line("\n✓ ready: generate, try and build")
    return ANSWER_IS_NO if report["problems"] else SUCCEEDED


def _devices(args: argparse.Namespace, output: Output) -> dict[str, Any]:
    from pathlib import Path

    from jupyter_julia_aot.pipeline.devices import device_report, write_device_report

    report = device_report(args.julia or "", progress=lambda text: output.progress(f"… {text}"))
    if args.report:
        write_device_report(report, Path(args.report))
        output.progress(f"written to {args.report}")
    return report


def run_setup(args: argparse.Namespace, output: Output) -> int:
    """``setup``: 0 when Julia and the model are there afterwards."""
    from jupyter_julia_aot.pipeline.setting_up import set_up

    last = ""

    def progress(message: str, fraction: float | None) -> None:
        nonlocal last
        percent = "" if fraction is None else f" {int(fraction * 10) * 10} %"
        if (text := f"… {message}{percent}") != last:
            last = text
            output.progress(text)

    report = set_up(
        source=args.source,
        force=args.force,
        model=not args.no_model,
        image=not args.no_image,
        progress=progress,
    )
    output.result(report)
    output.line(f"Julia {report['julia']['version']}  {report['julia']['path']}")
    image = report["image"]
    output.line(f"Worker image {image['path'] or image['state'] + ': ' + image['reason']}")
    if report["model"]:
        output.line(f"Model {report['model']}")
    if report["model_problem"]:
        raise InstallError(
            report["model_problem"], remedy="run setup again, or use a model server of your own"
        )
    return SUCCEEDED
