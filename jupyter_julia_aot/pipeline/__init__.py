"""The only place that chains the stages: prompt → candidates → trials → selection → run or build.

Every function here yields or returns frozen records; faces (magics, command line, widgets,
server) show them and hold no logic of their own. Names are resolved on first use, so that
importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

if TYPE_CHECKING:
    from jupyter_julia_aot.pipeline.accepting import Accepted, accept, accepted_code
    from jupyter_julia_aot.pipeline.builds import build_events
    from jupyter_julia_aot.pipeline.doctor import doctor
    from jupyter_julia_aot.pipeline.generation import generate
    from jupyter_julia_aot.pipeline.names import check_name
    from jupyter_julia_aot.pipeline.options import Options
    from jupyter_julia_aot.pipeline.trying import read_oracle, try_code

_HOMES = {
    "Accepted": "accepting",
    "Options": "options",
    "accept": "accepting",
    "accepted_code": "accepting",
    "build_events": "builds",
    "check_name": "names",
    "doctor": "doctor",
    "generate": "generation",
    "read_oracle": "trying",
    "try_code": "trying",
}

__all__ = [
    "Accepted",
    "Options",
    "accept",
    "accepted_code",
    "build_events",
    "check_name",
    "doctor",
    "generate",
    "read_oracle",
    "try_code",
]

__getattr__ = lazily(__name__, _HOMES)
