"""How fast trials are here: cold, warm and ours, side by side."""

from __future__ import annotations

from typing import Any

from jupyter_julia_aot.pipeline.options import Options
from jupyter_julia_aot.settings import settings


def bench_trials(count: int = 60, cold: int = 12) -> dict[str, Any]:
    """Judge ``count`` candidates three ways (``cold`` of them in cold processes); figures per way.

    Keys: ``julia``, ``agreement`` (share of candidates on which all ways agree), ``ways`` (each with
    ``way``, ``candidates``, ``seconds``, ``per_second``, ``high_water_bytes``, ``start_seconds``), ``table``.
    """
    from jupyter_julia_aot.toolchain import choose_toolchain
    from jupyter_julia_aot.trial.bench import agreement, table
    from jupyter_julia_aot.trial.bench import bench_trials as measure

    toolchain = choose_toolchain("trial", settings().julia)
    figures = measure(toolchain, count=count, cold=cold, sandbox=Options.of().sandbox)
    agree = agreement(figures, count, cold)
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
    return {"julia": toolchain.version, "agreement": agree, "ways": ways, "table": table(figures, agree)}
