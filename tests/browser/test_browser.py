"""The short user stories in a real browser (those tagged @smoke); `make browser` runs them all."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONT_END = ROOT / "labextension"
SECONDS = 1500.0

# How often a story may be told again: a browser on a busy machine can lose a tab to the system.
RETRIES = "1"


def _browser() -> str:
    """The path of a Chromium. Skips where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("there is no Chromium on this machine (apt-get install chromium)")
    done = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{found} does not run: {done.stderr.strip()[-300:]}")
    return found


def _free_ports() -> int:
    """The first of three ports in a row that nobody listens on."""
    for start in range(18700, 19700, 10):
        try:
            for port in range(start, start + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return start
    raise AssertionError("no three free ports in a row")


@pytest.mark.browser
@pytest.mark.timeout(SECONDS + 60)
def test_the_short_stories_in_a_browser() -> None:
    chromium = _browser()
    playwright = FRONT_END / "node_modules" / ".bin" / "playwright"
    if not playwright.exists():
        pytest.skip("the front end's packages are not installed (cd labextension && npm ci)")
    if not (ROOT / "jupyter_julia_aot" / "labextension" / "package.json").exists():
        pytest.skip("the panel is not built (make panel)")
    environment = {
        **os.environ,
        "CHROMIUM": chromium,
        "PYTHON": sys.executable,
        "NODE_PATH": str(FRONT_END / "node_modules"),
        "JULIA_AOT_TEST_PORT": str(_free_ports()),
        "JULIA_AOT_TEST_RETRIES": RETRIES,
        "JULIA_AOT_TEST_SECOND": "0",
        # Enough for every page and search; the figures with 50,000 are for `make browser`.
        "JULIA_AOT_TEST_ROWS": "3000",
    }
    # Coverage of the server's process is not what is looked at here, and slows it.
    for name in [n for n in environment if n.startswith(("COV_", "COVERAGE_"))]:
        del environment[name]
    command = [str(playwright), "test", "--config", str(Path(__file__).with_name("playwright.config.js"))]
    done = subprocess.run(
        [*command, "--grep", "@smoke"],
        cwd=FRONT_END,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    print(done.stdout[-2000:])
