"""A run that goes on until it is stopped, as a kernel would record one: for pictures and tests.

``python busy.py julia-aot``: the argument makes its command line one of ours.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from jupyter_julia_aot.history import History
from jupyter_julia_aot.records import (
    Candidate,
    Checks,
    Event,
    ModelInfo,
    Prompt,
    Sampling,
    Trial,
    Usage,
    new_id,
    to_json,
)

VERDICTS = ("error", "passed", "failed", "passed", "timeout")
CODE = "moving_average(x, k) = [sum(@view x[i:i+k-1]) / k for i in 1:length(x)-k+1]"


def main() -> None:
    """Record five candidates, then wait for SIGINT and end as cancelled."""
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda number, frame: stop.set())
    run_id, began = new_id(), time.time()
    with History(notebook="signals.ipynb") as history:

        def say(kind: str, **data: object) -> None:
            history.record(Event(run_id=run_id, kind=kind, data=to_json(data)))  # type: ignore[arg-type]

        print(round(time.time() * 1000), flush=True)
        say(
            "run_started",
            prompt=Prompt(name="moving_average", request="The moving average of x over k values."),
            sampling=Sampling(n=8),
            model=ModelInfo(
                base_url="http://127.0.0.1:8080/v1", model="qwen3-coder-30b", source="discovered"
            ),
        )
        for index, verdict in enumerate(VERDICTS):
            usage = Usage(prompt_tokens=412, completion_tokens=96, cached_tokens=380, seconds=0.9)
            say("answer", index=index, finish_reason="stop", usage=usage)
            candidate = Candidate(id=new_id(), name="moving_average", code=CODE, origin="model")
            say("candidate", candidate=candidate)
            checks = Checks(passed=int(verdict == "passed"), failed=int(verdict == "failed"))
            say("trial", trial=Trial(candidate_id=candidate.id, verdict=verdict, seconds=0.4, checks=checks))  # type: ignore[arg-type]
        say("candidate", candidate=Candidate(id=new_id(), name="moving_average", code=CODE, origin="repair"))
        stop.wait()
        say("run_finished", status="cancelled", seconds=time.time() - began)


if __name__ == "__main__":
    main()
