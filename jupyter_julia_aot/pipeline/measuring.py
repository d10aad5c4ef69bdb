"""How fast trials are here: cold, warm and ours, side by side."""

from __future__ import annotations

from typing import Any

from jupyter_julia_aot.pipeline.options import Options
from jupyter_julia_aot.settings import settings


def bench_trials(count: int = 60, cold: int = 12) -> dict[str, Any]:
    """Judge ``count`` candidates three ways (``cold`` of them in cold processes); figures per way.

    Keys: ``julia``, ``image`` (state of the worker image), ``agreement`` (share of all comparisons of the
    pool's verdict with another way's that agree), ``compared`` (per way ``same`` of ``compared`` candidates),
    ``ways`` (each with ``way``, ``candidates``, ``seconds``, ``per_second``, ``high_water_bytes``,
    ``start_seconds``), ``table``.
    """
    from jupyter_julia_aot.toolchain import choose_toolchain
    from jupyter_julia_aot.trial.bench import agreements, table
    from jupyter_julia_aot.trial.bench import bench_trials as measure
    from jupyter_julia_aot.trial.image import image_status

    toolchain = choose_toolchain("trial", settings().julia)
    image = image_status(toolchain).state
    figures = measure(toolchain, count=count, cold=cold, sandbox=Options.of().sandbox)
    compared = agreements(figures)
    ways = [
        {
            "way": f.way,
            "candidates": f.candidates,
            "seconds": f.seconds,
            "per_second": f.per_second,
            "high_water_bytes": f.high_water_bytes,
            "start_seconds": f.start_seconds,
        }
        for f in figures
    ]
    return {
        "julia": toolchain.version,
        "image": image,
        "agreement": sum(a.same for a in compared) / max(sum(a.compared for a in compared), 1),
        "compared": {a.way: {"same": a.same, "compared": a.compared} for a in compared},
        "ways": ways,
        "table": table(figures),
    }
