"""The routes: who may call them, how errors look, and which method of the service answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_julia_aot.errors import JuliaAotError
from jupyter_julia_aot.server import PREFIX, examples
from jupyter_julia_aot.server.artifacts import chunks
from jupyter_julia_aot.server.live import LiveHandler
from jupyter_julia_aot.server.service import Service
from jupyter_julia_aot.server.validate import RequestError

T = TypeVar("T")

ID = r"([0-9A-Za-z_-]{1,64})"


class Handler(APIHandler):
    """JSON in and out; our errors become ``{"message", "remedy", "field"}`` with their status."""

    auth_resource: ClassVar[str] = "jupyter_julia_aot"

    @property
    def service(self) -> Service:
        """The logic behind the routes."""
        service: Service = self.settings["jupyter_julia_aot"]
        return service

    @property
    def query(self) -> dict[str, str]:
        """The query's arguments, the last of each name."""
        return {name: self.get_query_argument(name) for name in self.request.query_arguments}

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call ``function`` in a thread; a request error becomes an HTTP error."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(None, function, *arguments)
        except JuliaAotError as error:
            raise Refused(error) from error

    async def send_file(self, name: str, kind: str, pieces: Iterator[bytes]) -> None:
        """Send a file for download, piece by piece, read in a thread."""
        self.set_header("Content-Type", kind)
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")
        self.set_header("X-Content-Type-Options", "nosniff")
        loop = asyncio.get_running_loop()
        while (chunk := await loop.run_in_executor(None, next, pieces, None)) is not None:
            self.write(chunk)
            await self.flush()
        self.finish()

    def answer(self, value: Any, status: int = 200) -> None:
        """Send ``value`` as JSON."""
        self.set_status(status)
        self.finish(json.dumps(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what is wrong, which field it is about and what to do; never a traceback."""
        self.set_header("Content-Type", "application/json")
        error = kwargs.get("exc_info", (None, None))[1]
        reply: dict[str, str] = {"message": f"the server answered {status_code}", "remedy": "", "field": ""}
        if isinstance(error, Refused):
            reply = {"message": error.why.message, "remedy": error.why.remedy, "field": ""}
            if isinstance(error.why, RequestError):
                reply["field"] = error.why.field
        elif isinstance(error, web.HTTPError):
            reply["message"] = error.log_message or error.reason or reply["message"]
        self.finish(json.dumps(reply))


class Refused(web.HTTPError):
    """One of our errors on its way to the browser."""

    def __init__(self, why: JuliaAotError) -> None:
        super().__init__(why.status if isinstance(why, RequestError) else 500)
        self.why = why


class NowHandler(Handler):
    """What is running."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.call(self.service.now))


class RunsHandler(Handler):
    """The history, page by page."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.call(self.service.runs, self.query))


class RunHandler(Handler):
    """One run."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        self.answer(await self.call(self.service.run, run_id))

    @web.authenticated
    @authorized
    async def patch(self, run_id: str) -> None:
        self.answer(await self.call(self.service.change_run, run_id, self.request.body))

    @web.authenticated
    @authorized
    async def delete(self, run_id: str) -> None:
        await self.call(self.service.delete_run, run_id)
        self.answer({"deleted": run_id})


class StopRunHandler(Handler):
    """Stop a run in whatever process it is."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        self.answer(await self.call(self.service.stop_run, run_id))


class BuildsHandler(Handler):
    """Artifacts. ``DELETE`` forgets those whose file is gone."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.call(self.service.builds))

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        self.answer(await self.call(self.service.prune_builds))


class BuildHandler(Handler):
    """One artifact."""

    @web.authenticated
    @authorized
    async def delete(self, artifact_id: str) -> None:
        await self.call(self.service.delete_build, artifact_id)
        self.answer({"deleted": artifact_id})


class RunBuildHandler(Handler):
    """Run an executable with arguments."""

    @web.authenticated
    @authorized
    async def post(self, artifact_id: str) -> None:
        self.answer(await self.call(self.service.run_build, artifact_id, self.request.body), 201)


class DownloadHandler(Handler):
    """An artifact's file, unchanged since its build."""

    @web.authenticated
    @authorized
    async def get(self, artifact_id: str) -> None:
        path = await self.call(self.service.artifact_file, artifact_id)
        self.set_header("Content-Length", str(path.stat().st_size))
        await self.send_file(path.name, "application/octet-stream", chunks(path))


class DownloadBundleHandler(Handler):
    """An artifact with its libraries, as a ZIP file."""

    @web.authenticated
    @authorized
    async def get(self, artifact_id: str) -> None:
        name, pieces = await self.call(self.service.artifact_bundle, artifact_id)
        await self.send_file(name, "application/zip", pieces)


class JobsHandler(Handler):
    """Long work."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer({"jobs": await self.call(self.service.jobs.views)})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.call(self.service.start_job, self.request.body), 201)


class JobHandler(Handler):
    """One job. ``DELETE`` takes an ended one off the list."""

    @web.authenticated
    @authorized
    async def get(self, job_id: str) -> None:
        self.answer(await self.call(self.service.jobs.view, job_id))

    @web.authenticated
    @authorized
    async def delete(self, job_id: str) -> None:
        await self.call(self.service.jobs.forget, job_id)
        self.answer({"deleted": job_id})


class StopJobHandler(Handler):
    """Stop a job."""

    @web.authenticated
    @authorized
    async def post(self, job_id: str) -> None:
        await self.call(self.service.jobs.stop, job_id)
        self.answer({"stopped": job_id})


class DoctorHandler(Handler):
    """What this machine can do. ``POST`` looks again."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.call(self.service.doctor.last))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.call(self.service.doctor.check))


class ModelHandler(Handler):
    """How the model has done lately."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.call(self.service.model))


class SettingsHandler(Handler):
    """The settings file that the magics read."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.call(self.service.settings))

    @web.authenticated
    @authorized
    async def put(self) -> None:
        self.answer(await self.call(self.service.change_settings, self.request.body))


class LedgerHandler(Handler):
    """Tokens, energy and money."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.call(self.service.ledger, self.query))


class ExamplesHandler(Handler):
    """The example notebooks."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer({"notebooks": await self.call(examples.listing)})


class ExampleHandler(Handler):
    """One example notebook."""

    @web.authenticated
    @authorized
    async def get(self, notebook_id: str) -> None:
        self.answer(await self.call(examples.content, notebook_id))


ROUTES: tuple[tuple[str, type[web.RequestHandler]], ...] = (
    ("now", NowHandler),
    ("live", LiveHandler),
    ("runs", RunsHandler),
    (rf"runs/{ID}", RunHandler),
    (rf"runs/{ID}/stop", StopRunHandler),
    ("builds", BuildsHandler),
    (rf"builds/{ID}", BuildHandler),
    (rf"builds/{ID}/run", RunBuildHandler),
    (rf"builds/{ID}/download", DownloadHandler),
    (rf"builds/{ID}/bundle", DownloadBundleHandler),
    ("jobs", JobsHandler),
    (rf"jobs/{ID}", JobHandler),
    (rf"jobs/{ID}/stop", StopJobHandler),
    ("doctor", DoctorHandler),
    ("model", ModelHandler),
    ("settings", SettingsHandler),
    ("ledger", LedgerHandler),
    ("notebooks", ExamplesHandler),
    (rf"notebooks/{ID}", ExampleHandler),
)
"""Paths below the prefix and who answers."""


def routes(base_url: str) -> list[tuple[str, type[web.RequestHandler]]]:
    """The routes under a server's base URL."""
    return [(url_path_join(base_url, PREFIX, path), handler) for path, handler in ROUTES]
