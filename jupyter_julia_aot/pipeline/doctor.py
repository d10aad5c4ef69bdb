"""What works on this machine, what does not, why, and what to do about it."""

from __future__ import annotations

import shutil
from typing import Any

from jupyter_julia_aot.errors import JuliaAotError
from jupyter_julia_aot.records import to_json
from jupyter_julia_aot.settings import settings

PURPOSES = {
    "trial": "prove candidates",
    "sysimage": "compile programs that carry Julia",
    "packagecompiler": "compile with PackageCompiler",
    "juliacall": "run Julia inside the notebook's own process",
    "juliac": "compile small programs and libraries",
}
"""What each capability is for."""


def doctor(julia: str = "") -> dict[str, Any]:
    """A JSON-ready report: ``julia``, ``model`` (in use), ``models`` (servers that answer here),
    ``devices``, ``sandbox`` and ``problems``.

    Starts no model and installs nothing. ``problems`` lists ``{"what", "remedy"}`` of whatever
    keeps the main path (generate, try, build) from working; empty means all is well.
    """
    from jupyter_julia_aot.pipeline.routes import routes_here

    toolchains, broken = _toolchains(julia)
    model = model_in_use()
    sandbox = _sandbox()
    return {
        "julia": toolchains,
        "broken": broken,
        "model": model,
        "models": _servers(),
        "devices": _devices(),
        "routes": routes_here(julia),
        "sandbox": sandbox,
        "compiler": _compiler(),
        "problems": _problems(julia, toolchains, model, sandbox),
    }


def _devices() -> list[dict[str, Any]]:
    """The GPUs that the machine shows; untested, which ``doctor --devices`` does."""
    from jupyter_julia_aot.run.devices.hardware import find_gpus

    return [
        {
            "name": gpu.name,
            "kind": gpu.architecture,
            "memory_bytes": gpu.memory_bytes or gpu.shared_bytes,
            "reason": "; ".join(gpu.notes),
        }
        for gpu in find_gpus()
    ]


def _toolchains(julia: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    from jupyter_julia_aot.toolchain import broken_toolchains, find_toolchains
    from jupyter_julia_aot.trial.image import image_status

    found = [
        {
            "path": t.path,
            "version": t.version,
            "source": t.source,
            "capabilities": list(t.capabilities),
            "reason": dict(t.reason),
            "worker_image": to_json(image_status(t)),
        }
        for t in find_toolchains(julia)
    ]
    return found, [{"path": path, "reason": why} for path, why in broken_toolchains(julia)]


def _servers() -> list[dict[str, Any]]:
    """The model servers that answer on this machine, whichever is in use."""
    from jupyter_julia_aot.model import discover

    return [to_json(server) for server in discover()]


def model_in_use() -> dict[str, Any]:
    """The server that would be used, found without starting one; ``reason`` says why it is not usable."""
    import os

    from jupyter_julia_aot.model import locate

    current = settings()
    try:
        info = locate()
    except JuliaAotError as error:
        variable = next((v for v in ("JULIA_AOT_BASE_URL", "OPENAI_BASE_URL") if os.environ.get(v)), "")
        address = current.base_url or os.environ.get(variable, "")
        return {
            "base_url": address or None,
            "model": current.model or None,
            "source": "configured" if address else "embedded",
            "origin": current.origin("base_url") if current.base_url else variable,
            "usable": False,
            "reason": error.message,
            "remedy": error.remedy,
        }
    return {**to_json(info), "base_url": info.base_url or None, "usable": True, "reason": "", "remedy": ""}


def _sandbox() -> dict[str, Any]:
    from jupyter_julia_aot.trial import sandbox_statuses

    statuses = sandbox_statuses()
    wanted = settings().sandbox
    usable = [s for s in statuses if s.usable and s.name != "none"]
    chosen = (
        "none" if wanted == "none" else next((s.name for s in usable if wanted in ("auto", s.name)), None)
    )
    return {"name": chosen, "setting": wanted, "ways": [to_json(s) for s in statuses]}


def _compiler() -> str | None:
    import os

    candidates = (os.environ.get("JULIA_CC"), "cc", "gcc", "clang")
    return next((path for c in candidates if c and (path := shutil.which(c.split()[0]))), None)


def _problems(
    julia: str, toolchains: list[dict[str, Any]], model: dict[str, Any], sandbox: dict[str, Any]
) -> list[dict[str, str]]:
    from jupyter_julia_aot.toolchain import choose_toolchain

    problems = []
    if not any("trial" in t["capabilities"] for t in toolchains):
        try:
            choose_toolchain("trial", julia)
        except JuliaAotError as error:
            # In the words in which trying and generating refuse.
            problems.append({"what": error.message, "remedy": error.remedy})
    if not model["usable"]:
        problems.append({"what": model["reason"], "remedy": model["remedy"]})
    if sandbox["name"] is None:
        why = "; ".join(f"{w['name']}: {w['reason']}" for w in sandbox["ways"] if w["name"] != "none")
        problems.append(
            {
                "what": f"no sandbox works here ({why})",
                "remedy": "install bubblewrap, or set JULIA_AOT_SANDBOX=none to run candidates unconfined",
            }
        )
    if _compiler() is None:
        problems.append(
            {
                "what": "no C compiler was found; nothing can be built",
                "remedy": "on Debian or Ubuntu: apt-get install gcc",
            }
        )
    return problems


def doctor_lines(report: dict[str, Any]) -> list[str]:
    """The report in words, but for its devices and problems."""
    lines: list[str] = []
    for julia in report["julia"]:
        lines.append(f"Julia    {julia['version']}  {julia['path']}  ({julia['source']})")
        lines += [f"         ✓ {PURPOSES[name]} ({name})" for name in julia["capabilities"]]
        lines += [f"         – {PURPOSES[name]}: {why}" for name, why in julia["reason"].items()]
        image = julia["worker_image"]
        if image["state"] != "ready":
            lines.append(f"         worker image {image['state']}: {image['reason']}")
    routes = report["routes"]
    if routes["in_process"]:
        lines.append(f"Cells    run in the notebook's own process, with Julia {routes['in_process']}")
    elif routes["worker"]:
        lines.append(f"Cells    run in a process of their own, with Julia {routes['worker']}")
    if routes["compiler"] not in ("", routes["in_process"] or routes["worker"]):
        lines.append(f"Builds   use Julia {routes['compiler']}")
    if report["julia"]:  # else they are the problem, and said as such
        lines += [f"Broken   {b['path']}: {b['reason']}" for b in report["broken"]]
    model = report["model"]
    where = f" at {model['base_url']}" if model["base_url"] else ", started when it is needed"
    lines.append(f"Model    {model['model'] or 'unknown'} ({model['source']}){where}")
    others = [s for s in report["models"] if s["base_url"] != model["base_url"]]
    lines += [f"         also here: {s['server']} at {s['base_url']} with {s['model']}" for s in others]
    sandbox = report["sandbox"]
    lines.append(f"Sandbox  {sandbox['name'] or 'none works here'}")
    used = [way for way in sandbox["ways"] if way["name"] == sandbox["name"]]
    lines += [f"         {lack}" for way in used for lack in way["degraded"]]
    lines.append(f"Compiler {report['compiler'] or 'none (cc, gcc or clang)'}")
    return lines
