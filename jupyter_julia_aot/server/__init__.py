"""Jupyter Server extension: REST routes and one live channel under ``<base>/jupyter-julia-aot``.

The logic lives in modules without tornado; :mod:`~jupyter_julia_aot.server.handlers` and
:mod:`~jupyter_julia_aot.server.live` are the only ones that know the web. Long work is started
through the command line in processes of its own (:mod:`~jupyter_julia_aot.server.jobs`), so
this process never imports juliacall and loses nothing when it is restarted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

EXTENSION = "jupyter_julia_aot"
PREFIX = "jupyter-julia-aot"


def load(app: ServerApp) -> None:
    """Register the routes with a running Jupyter server."""
    from jupyter_julia_aot.server.handlers import routes
    from jupyter_julia_aot.server.service import Service

    service = Service(Path(str(app.root_dir)))
    web_app: Any = app.web_app  # tornado's method has no annotations
    web_app.add_handlers(".*$", routes(web_app.settings["base_url"]))
    web_app.settings["jupyter_julia_aot"] = service
    app.log.info("jupyter_julia_aot: side panel routes are under %s", PREFIX)
