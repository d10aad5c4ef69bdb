"""Figure: how often the embedded model solves the tasks of the demo notebook.

Each seed is one press of Shift-Enter: 8 answers, each tried as it is and, if it fails, with its
Python idioms rewritten. The notebook's tasks must be solved by at least 9 of 10 seeds.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_julia_aot.model import Answer, build_request, connect, default_sampling, extract
from jupyter_julia_aot.records import Candidate, Oracle, Prompt, Toolchain, new_id
from jupyter_julia_aot.search import rewrite_idioms
from jupyter_julia_aot.trial import TrialPool

SEEDS = range(1000, 11_000, 1000)
TASKS = {
    "cube": ("Return the cube of the number x.", ["cube(3) == 27", "cube(-2) == -8", "cube(0.5) == 0.125"]),
    "sum_of_squares": (
        "Return the sum of the squares of the numbers in the vector v.",
        ["sum_of_squares([1, 2, 3]) == 14", "sum_of_squares([0.5, 0.5]) == 0.5"],
    ),
    "largest": (
        "Return the largest number in the vector v.",
        ["largest([3, 9, 2]) == 9", "largest([-5, -2]) == -2"],
    ),
    "is_even": (
        "Return true if n is even, else false.",
        ["is_even(4) == true", "is_even(7) == false", "is_even(0) == true"],
    ),
}


def passes(pool: TrialPool, name: str, code: str, oracle: Oracle) -> bool:
    candidate = Candidate(id=new_id(), name=name, code=code, origin="model")
    return bool(code) and pool.run(candidate, oracle).verdict == "passed"


@pytest.mark.benchmarks
@pytest.mark.model
@pytest.mark.julia
@pytest.mark.parametrize("name", list(TASKS))
def test_the_embedded_model_solves_easy_tasks(
    name: str, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted, checks = TASKS[name]
    oracle = Oracle(source="\n".join(f"@test {check}" for check in checks))
    prompt = Prompt(name=name, request=wanted, oracle=oracle)
    client = connect(base_url="embedded")
    solved = as_they_are = with_rewrites = 0
    with TrialPool(toolchain, workers=1) as pool:
        for seed in SEEDS:
            sampling = replace(default_sampling(client.info.model), n=8, seed=seed)
            request = build_request(prompt, client.info, sampling)
            raw = fixed = 0
            for item in client.generate(request):
                if isinstance(item, Answer):
                    code = extract(item.text, name, request)
                    if passes(pool, name, code, oracle):
                        raw += 1
                    else:
                        rewritten, notes = rewrite_idioms(code, name)
                        fixed += bool(notes) and passes(pool, name, rewritten, oracle)
            solved += raw + fixed > 0
            as_they_are += raw
            with_rewrites += raw + fixed
    client.close()
    with capsys.disabled():
        print(
            f"\n{name}: solved by {solved} of {len(SEEDS)} seeds; samples that pass: "
            f"{as_they_are} as they are, {with_rewrites} with rewrites, of {8 * len(SEEDS)}"
        )
    assert solved >= 9
