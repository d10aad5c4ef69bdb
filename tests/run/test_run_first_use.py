"""What a notebook's first cells and calls need is compiled with our package, not while the user waits."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from jupyter_julia_aot.records import Toolchain
from tests.run.trace_first_use import LIST

pytestmark = pytest.mark.juliacall

LOADED_BEFORE = """
import os, sys
from jupyter_julia_aot.run.juliacall_start import start_variables
from jupyter_julia_aot.toolchain import choose_toolchain
os.environ.update(start_variables(choose_toolchain("juliacall", sys.argv[1])))
import juliacall, threading
from jupyter_julia_aot.errors import CapabilityError
from jupyter_julia_aot.run.cells import in_process_cells
told = []
def use():
    try:
        in_process_cells(sys.argv[1])
    except CapabilityError as error:
        told.append(str(error))
thread = threading.Thread(target=use)
thread.start()
thread.join()
assert "another thread" in told[0] and "imported juliacall" in told[0], told
assert in_process_cells(sys.argv[1]).cells.run("sum([1.0, 2.0])").value == 3.0
"""


def test_most_of_the_list_has_its_names_in_this_julia(juliacall_cells: Any) -> None:
    import juliacall

    listed = LIST.read_text(encoding="utf-8").splitlines()
    compiled = int(juliacall.Main.seval("JuliaAotInProcess.COMPILED[]"))
    # Other versions of Julia and PythonCall name some otherwise; should most be, make the list anew.
    assert len(listed) / 2 < compiled <= len(listed)


def test_the_list_names_nothing_of_one_session() -> None:
    listed = LIST.read_text(encoding="utf-8").splitlines()
    assert len(set(listed)) == len(listed)
    assert all(line.startswith("precompile(Tuple{") and "Accepted" not in line for line in listed)


def test_a_julia_that_the_notebook_has_started_itself(juliacall_toolchain: Toolchain) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED_BEFORE, juliacall_toolchain.path],
        capture_output=True,
        text=True,
        timeout=900,
        env=dict(os.environ),
    )
    assert ran.returncode == 0, ran.stderr
