"""A real shell with the extension loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture(scope="session")
def one_shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor")
    shell.run_line_magic("load_ext", "jupyter_julia_aot")
    yield shell
    shell.magics_manager.registry["JuliaMagics"].close_julia()
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(one_shell: InteractiveShell) -> Iterator[InteractiveShell]:
    """The session's shell with nothing left of the tests before."""
    notebook = one_shell.magics_manager.registry["JuliaMagics"].notebook
    notebook.oracles.clear()
    notebook.accepted.clear()
    yield one_shell
    notebook.jobs.stop()


@pytest.fixture
def notebook(shell: InteractiveShell) -> Any:
    """What the magics know."""
    return shell.magics_manager.registry["JuliaMagics"].notebook
