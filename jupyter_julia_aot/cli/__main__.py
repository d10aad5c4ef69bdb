"""``python -m jupyter_julia_aot.cli …``, for when the script is not on the path."""

from __future__ import annotations

import sys

from jupyter_julia_aot.cli import main

sys.exit(main())
