"""The REST routes: who may call them, what they answer, and what wrong requests get."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_julia_aot.history import History
from jupyter_julia_aot.records import Event, new_id, to_json
from jupyter_julia_aot.server import PREFIX
from jupyter_julia_aot.server.handlers import ID, ROUTES
from tests.server.support import browser_cookies, contract, record_build, record_generation

pytest_plugins = ("pytest_jupyter.jupyter_server",)

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """Load our extension only."""
    return {"ServerApp": {"jpserver_extensions": {"jupyter_julia_aot": True}}}


@pytest.fixture
def ask(jp_fetch: Any) -> Any:
    """Call a route; returns ``(status, JSON)``."""

    async def call(verb: str, path: str, body: Any = None, **params: str) -> tuple[int, Any]:
        text = None if body is None else body if isinstance(body, str) else json.dumps(body)
        try:
            reply = await jp_fetch(
                PREFIX,
                *path.split("/"),
                method=verb,
                body=text,
                params=params,
                allow_nonstandard_methods=True,
            )
        except HTTPClientError as error:
            return error.code, json.loads(error.response.body if error.response else b"null")
        return reply.code, json.loads(reply.body)

    return call


def every_route() -> list[str]:
    return [path.replace(ID, new_id()) for path, _ in ROUTES]


async def test_every_route_and_verb_without_a_token_is_refused(
    http_server_client: Any, jp_base_url: str, jp_serverapp: Any
) -> None:
    for path in every_route():
        for verb in VERBS:
            reply = await http_server_client.fetch(
                f"{jp_base_url}{PREFIX}/{path}",
                method=verb,
                allow_nonstandard_methods=True,
                raise_error=False,
                follow_redirects=False,
            )
            assert reply.code == 403 or (reply.code == 405 and not has_verb(path, verb)), (
                verb,
                path,
                reply.code,
            )


def has_verb(path: str, verb: str) -> bool:
    handler = next(h for pattern, h in ROUTES if re.fullmatch(pattern, path))
    return verb.lower() in vars(handler)


async def test_every_verb_is_authenticated_and_authorized() -> None:
    for _, handler in ROUTES:
        for verb in VERBS:
            method = vars(handler).get(verb.lower())
            assert method is None or hasattr(method, "__wrapped__"), (handler, verb)


async def test_a_logged_in_browser_without_the_xsrf_token_cannot_change_anything(
    http_server_client: Any, jp_base_url: str, jp_serverapp: Any, history: History
) -> None:
    run_id = record_generation(history)
    cookies = await browser_cookies(http_server_client, jp_base_url, jp_serverapp)
    seen = await http_server_client.fetch(
        f"{jp_base_url}{PREFIX}/runs", headers={"Cookie": cookies}, raise_error=False
    )
    # Jupyter asks for a referrer or the token even to read: a foreign page gets nothing.
    assert seen.code in (200, 403)
    for path in every_route():
        for verb in ("POST", "PUT", "PATCH", "DELETE"):
            reply = await http_server_client.fetch(
                f"{jp_base_url}{PREFIX}/{path}",
                method=verb,
                headers={"Cookie": cookies},
                allow_nonstandard_methods=True,
                raise_error=False,
            )
            assert reply.code in (403, 405), (verb, path, reply.code)
    assert history.run(run_id).summary.id == run_id


async def test_the_history_is_listed_searched_starred_and_deleted(ask: Any, history: History) -> None:
    old = record_generation(history, name="old_one", request="Sort numbers.")
    new = record_generation(history, name="new_one", request="Plot a circle.")
    status, page = await ask("GET", "runs", limit="10")
    assert status == 200
    assert [r["id"] for r in page["runs"]] == [new, old]
    assert page["total"] == 2
    _, page = await ask("GET", "runs", search="circle")
    assert [r["name"] for r in page["runs"]] == ["new_one"]
    _, starred = await ask("PATCH", f"runs/{old}", {"starred": True})
    assert starred["starred"] is True
    _, page = await ask("GET", "runs", starred="true")
    assert [r["id"] for r in page["runs"]] == [old]
    assert (await ask("DELETE", f"runs/{old}"))[0] == 200
    status, error = await ask("GET", f"runs/{old}")
    assert (status, error["field"]) == (404, "id")


async def test_a_run_shows_prompt_candidates_and_trials(ask: Any, history: History) -> None:
    run_id = record_generation(history, error="<script>alert(1)</script>")
    _, run = await ask("GET", f"runs/{run_id}")
    assert run["prompt"]["name"] == "mean_of"
    first, second = run["candidates"]
    assert first["trials"][0]["error"]["message"] == "<script>alert(1)</script>"
    assert second["candidate"]["parent"] == first["candidate"]["id"]
    assert run["summary"]["selected"] == second["candidate"]["id"]


async def test_answers_have_the_shape_that_the_front_end_reads(
    ask: Any, history: History, tmp_path: Path
) -> None:
    record_generation(history)
    record_build(history, tool(tmp_path), sha256=digest(tmp_path))
    examples = contract("server_routes")
    for path in ("now", "runs", "builds", "jobs", "doctor", "model", "settings", "ledger"):
        _, answer = await ask("GET", path)
        assert_same_shape(examples[path], answer, path)
    _, page = await ask("GET", "runs")
    _, run = await ask("GET", f"runs/{page['runs'][1]['id']}")
    assert_same_shape(examples["run"], run, "run")


def assert_same_shape(example: Any, answer: Any, where: str) -> None:
    """The example's keys with its JSON types, at every depth that it shows."""
    if answer is None or example is None:
        return  # null stands for "not known"; that a value may be null is for the types to say
    if isinstance(example, dict):
        assert isinstance(answer, dict), where
        # The front end reads the example's keys; records may have more.
        assert set(example) <= set(answer), where
        for key in example:
            assert_same_shape(example[key], answer[key], f"{where}.{key}")
    elif isinstance(example, list):
        assert isinstance(answer, list), where
        for entry in answer if example else ():
            assert_same_shape(example[0], entry, f"{where}[]")
    else:
        numbers = (int, float)
        same = isinstance(answer, type(example)) or (
            isinstance(example, numbers) and isinstance(answer, numbers)
        )
        assert same, f"{where}: {answer!r} is no {type(example).__name__}"


def tool(directory: Path) -> Path:
    path = directory / "tool"
    path.write_text("#!/bin/sh\necho hello\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def digest(directory: Path) -> str:
    return hashlib.sha256((directory / "tool").read_bytes()).hexdigest()


async def test_a_known_artifact_is_downloaded_and_an_altered_one_is_not(
    jp_fetch: Any, ask: Any, history: History, tmp_path: Path
) -> None:
    path = tool(tmp_path)
    _, artifact_id = record_build(history, path, sha256=digest(tmp_path))
    reply = await jp_fetch(PREFIX, "builds", artifact_id, "download")
    assert reply.body == path.read_bytes()
    assert reply.headers["Content-Disposition"] == "attachment; filename*=UTF-8''tool"
    path.write_text("#!/bin/sh\nrm -rf ~\n", encoding="utf-8")
    status, error = await ask("GET", f"builds/{artifact_id}/download")
    assert status == 409
    assert "changed since it was built" in error["message"]
    assert (await ask("POST", f"builds/{artifact_id}/run", {"args": []}))[0] == 409


@pytest.mark.parametrize("evil", ["..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "a%00b", "..", "x.y"])
async def test_an_id_is_never_a_path(ask: Any, jp_fetch: Any, evil: str) -> None:
    for path in ("runs", "builds", "jobs"):
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch(PREFIX, f"{path}/{evil}")
        assert refused.value.code in (400, 404, 405)
    for what in ("download", "bundle"):
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch(PREFIX, f"builds/{evil}/{what}")
        assert refused.value.code in (400, 404)


async def test_deleting_and_pruning_artifacts(ask: Any, history: History, tmp_path: Path) -> None:
    path = tool(tmp_path)
    _, artifact_id = record_build(history, path, sha256=digest(tmp_path))
    record_build(history, path, sha256="0" * 64, name="other")
    newer = to_json(history.builds()[0].result.artifact) | {"id": "later", "signed_by": "somebody"}
    history.record(Event(run_id=new_id(), kind="built", data={"result": {"artifact": newer}}))
    assert (await ask("DELETE", f"builds/{artifact_id}"))[0] == 200
    assert not path.exists()
    _, listed = await ask("GET", "builds")
    assert [(b["result"]["artifact"]["name"], b["exists"]) for b in listed["builds"]] == [("other", False)]
    assert listed["unreadable"] == ["later"], "a build of a newer version costs only itself"
    assert (await ask("DELETE", "builds"))[1] == {"pruned": 1}


@pytest.mark.parametrize(
    ("verb", "path", "body", "field"),
    [
        ("PATCH", "runs/{run}", "{", "body"),
        ("PATCH", "runs/{run}", "[]", "body"),
        ("PATCH", "runs/{run}", {"starred": "yes"}, "starred"),
        ("PATCH", "runs/{run}", {"stars": True}, "stars"),
        ("POST", "jobs", {}, "verb"),
        ("POST", "jobs", {"verb": "rm"}, "verb"),
        ("POST", "jobs", {"verb": "gen", "name": "a b", "request": "x"}, "name"),
        ("POST", "jobs", {"verb": "gen", "name": "f", "request": "  "}, "request"),
        ("POST", "jobs", {"verb": "gen", "name": "f", "request": "x", "n": 0}, "n"),
        ("POST", "jobs", {"verb": "build", "name": "../f", "code": "1"}, "name"),
        ("POST", "jobs", {"verb": "build", "name": "f", "code": "1", "kind": "sh"}, "kind"),
        ("POST", "jobs", {"verb": "build", "name": "f", "code": "a\0b"}, "code"),
        ("POST", "jobs", {"verb": "eval", "tasks": "../no/such"}, "tasks"),
        ("POST", "jobs", {"verb": "eval", "samples": "missing.jsonl"}, "samples"),
        ("POST", "jobs", {"verb": "eval", "n": 1000}, "n"),
        ("PUT", "settings", {"samples": "many"}, "samples"),
        ("PUT", "settings", {"samples": 0}, "samples"),
        ("PUT", "settings", {"sample": 1}, "sample"),
        ("GET", "runs?limit=0", None, "limit"),
        ("GET", "runs?offset=x", None, "offset"),
        ("GET", "runs?starred=maybe", None, "starred"),
        ("GET", "ledger?watts=-1", None, "watts"),
        ("GET", "ledger?since=nan", None, "since"),
    ],
)
async def test_a_wrong_request_names_its_field(
    ask: Any, history: History, verb: str, path: str, body: Any, field: str
) -> None:
    run_id = record_generation(history)
    path, _, query = path.partition("?")
    params = dict([query.split("=")]) if query else {}
    status, error = await ask(verb, path.format(run=run_id), body, **params)
    assert (status, error["field"]) == (400, field), error
    assert field in error["message"] or field == "body"


async def test_the_ledger_counts_this_week_at_chosen_prices(ask: Any, history: History) -> None:
    record_generation(history)
    _, ledger = await ask("GET", "ledger", watts="100", tariff="0.5", baselines="claude-sonnet-4-5")
    assert ledger["usage"]["completion_tokens"] == 50
    assert ledger["solved"] == 1
    assert ledger["energy_kwh"] == pytest.approx(100 * ledger["usage"]["seconds"] / 3.6e6)
    assert ledger["energy_cost"] == pytest.approx(ledger["energy_kwh"] * 0.5)


async def test_this_server_never_imports_juliacall_or_a_model_client(ask: Any, history: History) -> None:
    import subprocess
    import sys

    code = (
        "import sys, jupyter_julia_aot.server.handlers as h, jupyter_julia_aot.server.service as s\n"
        "s.Service()\n"
        "print([m for m in ('juliacall', 'openai', 'torch', 'numpy', 'xllamacpp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_example_notebooks_are_listed_and_copied_without_outputs(ask: Any) -> None:
    _, listed = await ask("GET", "notebooks")
    ids = [n["id"] for n in listed["notebooks"]]
    assert "01_generate_and_compile" in ids
    assert all(n["title"] for n in listed["notebooks"])
    _, notebook = await ask("GET", f"notebooks/{ids[0]}")
    assert all(c["outputs"] == [] for c in notebook["cells"] if c["cell_type"] == "code")
    assert (await ask("GET", "notebooks/none"))[0] == 404
