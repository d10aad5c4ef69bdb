"""Print the newest official Julia for this machine as JSON, as juliapkg finds it.

Run as a process of its own (``python -m jupyter_julia_aot.toolchain.versions [COMPAT]``), because
juliapkg asks its server without a time limit and prints as it goes.
"""

from __future__ import annotations

import contextlib
import json
import sys


def main(compat: str) -> None:
    """Write ``{"version", "url", "sha256", "size"}`` to stdout; juliapkg's own lines go to stderr."""
    from juliapkg.compat import Compat
    from juliapkg.install_julia import best_julia_version

    with contextlib.redirect_stdout(sys.stderr):
        version, info = best_julia_version(Compat.parse(compat) if compat else None)
    file = next(f for f in info["files"] if f["url"].endswith(".tar.gz"))
    answer = {
        "version": version,
        "url": file["url"],
        "sha256": file["sha256"],
        "size": file["size"],
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
