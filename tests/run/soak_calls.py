"""A thousand mixed calls from Python threads, with both garbage collectors at work. Run as a program.

Prints the number of calls and of errors told as `JuliaError`; a crash is its exit code.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import threading

import numpy as np

from jupyter_julia_aot.errors import JuliaError
from jupyter_julia_aot.run import bind
from jupyter_julia_aot.run.cells import in_process_cells

CODE = """
import PythonCall
function mixed(x::Int); x < 0 && error("negative"); s = 0; for i in 1:x; s += i; end; s; end
mixed(x::AbstractArray) = (x .+= 1; sum(x))
mixed(x::String) = uppercase(x)
mixed(x::Dict) = length(x)
mixed(n::Float64) = [string(i)^10 for i in 1:Int(n)]      # garbage for Julia's collector
mixed(::Nothing) = (PythonCall.pyimport("time").sleep(0.001); 7)              # lets other Python threads run
"""


def main(calls: int, threads: int) -> None:
    opened = in_process_cells(threads=threads)
    mixed = bind("mixed", CODE, route="juliacall")
    count, errors, wrong = [0], [0], [0]
    lock = threading.Lock()

    def one(rng: random.Random) -> None:
        kind = rng.randrange(8)
        if kind == 0:
            n = rng.randrange(100)
            ok = mixed(n) == n * (n + 1) // 2
        elif kind == 1:
            array = np.zeros(rng.randrange(1, 5000))
            ok = mixed(array) == array.size and bool((array == 1).all())
        elif kind == 2:
            ok = mixed("text") == "TEXT"
        elif kind == 3:
            ok = mixed({str(i): i for i in range(20)}) == 20
        elif kind == 4:
            ok = len(mixed(200.0)) == 200
        elif kind == 5:
            try:
                mixed(-1)
                ok = False
            except JuliaError as error:
                ok = error.julia_type == "ErrorException"
                with lock:
                    errors[0] += 1
        elif kind == 6:
            ok = mixed(None) == 7
        else:
            opened.cells.set(shared=np.arange(100.0))
            ok = True
        # Cycles that only Python's collector frees, with Julia values among them.
        knot: list[object] = [mixed(np.ones(8))]
        knot.append(knot)
        if rng.random() < 0.1:
            gc.collect()
        with lock:
            count[0] += 1
            wrong[0] += not ok

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(calls // 5):
            one(rng)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for worker in workers:
        worker.start()
    work(4)
    for worker in workers:
        worker.join()
    collected = opened.cells.run("GC.gc(); 1").value
    print(json.dumps({"calls": count[0], "errors": errors[0], "wrong": wrong[0], "collected": collected}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
