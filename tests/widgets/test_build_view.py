"""The build view: where the size goes, what was rewritten, the buttons."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.pipeline.artifacts import packed, reveal
from jupyter_julia_aot.records import (
    AbiEntry,
    Artifact,
    BuildResult,
    Diagnostic,
    Event,
    Library,
    Timing,
    to_json,
)
from jupyter_julia_aot.widgets.build import BuildWidget
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.static_html import build_html
from jupyter_julia_aot.widgets.static_text import build_text
from jupyter_julia_aot.widgets.treemap import tiles
from tests.widgets.examples import HOSTILE, build_events, event

TIMES = (
    Timing(what="x", median=0.0172, least=0.016, most=0.02, rounds=7),
    Timing(what="julia FILE", median=0.344, least=0.3, most=0.4, rounds=7),
    Timing(what="JIT, warm, the call alone", median=1.5e-6, least=1e-6, most=2e-6, rounds=7),
)
DIFF = "--- cell\n+++ cell (fixed)\n@@ -1 +1 @@\n-println(1)\n+println(Core.stdout, 1)\n"


@given(st.lists(st.integers(0, 10**9), max_size=30))
def test_tiles_fill_the_box_by_size(sizes: list[int]) -> None:
    made = tiles([(f"f{i}", size) for i, size in enumerate(sizes)])
    total = sum(sizes)
    assert len(made) == sum(size > 0 for size in sizes)
    assert [t["bytes"] for t in made] == sorted((s for s in sizes if s), reverse=True)
    for t in made:
        assert -0.01 <= t["x"] <= t["x"] + t["w"] <= 100.02
        assert -0.01 <= t["y"] <= t["y"] + t["h"] <= 100.02
        if t["w"] > 0.1 and t["h"] > 0.1:
            assert t["w"] * t["h"] / 100 == pytest.approx(100 * t["bytes"] / total, rel=0.05, abs=0.1)


def test_tiles_are_near_square_and_apart() -> None:
    made = tiles([("a", 6), ("b", 6), ("c", 4), ("d", 3), ("e", 2), ("f", 2), ("g", 1)])
    ratios = [max(t["w"] * 4 / t["h"], t["h"] / (t["w"] * 4)) for t in made]
    assert max(ratios) < 5
    for i, one in enumerate(made):
        for other in made[i + 1 :]:
            wide = min(one["x"] + one["w"], other["x"] + other["w"]) - max(one["x"], other["x"])
            high = min(one["y"] + one["h"], other["y"] + other["h"]) - max(one["y"], other["y"])
            assert wide < 0.01 or high < 0.01


def finished(text: str = "plain") -> list[Event]:
    artifact = Artifact(
        id="a1",
        kind="lib",
        name=text,
        path="/nowhere/lib/x.so",
        sha256="",
        bytes=10,
        bundle_bytes=1000,
        libraries=(Library(name=text, bytes=900, bundled=True),),
        abi=(AbiEntry(name=text, symbol=text, julia=f"{text}(x)", c=f"double {text}(double)"),),
        sbom="x.cdx.json",
        trim="safe",
    )
    return [
        event("build_started"),
        event("fixed", fixes=[], diff=DIFF.replace("1)", f"{text})")),
        event(
            "diagnostic",
            diagnostic=Diagnostic(severity="error", message=text, line=1, cause=text, remedy=text),
        ),
        event("built", result=BuildResult(artifact=artifact, times=TIMES)),
        event("run_finished", status="done", seconds=1.0),
    ]


@pytest.mark.parametrize("text", ["plain", HOSTILE])
def test_the_static_view_shows_size_abi_and_rewrites(text: str) -> None:
    state = BuildState(text, "lib", "println(1)")
    for one in finished(text):
        state.add(one)
    html = build_html(state)
    assert html.count('class="jja-tile"') == 2
    assert "exported functions" in html
    assert "<ins>+ println(Core.stdout" in html
    assert "what the compiler says" in html
    assert "344 ms" in html
    assert 'title="16 ms – 20 ms, 7 runs"' in html
    assert "JIT, warm, the call alone: 1.5 µs (1 µs – 2 µs, 7 runs)" in build_text(state)
    assert "<script" not in html
    assert "onerror=" not in html.replace("onerror=&quot;", "").replace("&lt;img src=x onerror=", "")


def test_rebuild_starts_from_an_empty_view() -> None:
    state = BuildState("f", "lib", "println(1)")
    for one in finished():
        state.add(one)
    assert state.diff
    state.restart()
    assert (state.diff, state.stages, state.result, state.diagnostics) == ([], [], {}, [])
    assert state.head["status"] == "running"
    assert state.head["run_id"] == ""


def test_the_buttons_do_what_they_say() -> None:
    done: list[Any] = []

    def refuses(_artifact: Any) -> str:
        raise SettingError("no desktop")

    more = {
        "download": lambda a: (a["name"], b"\x7fELF"),
        "reveal": refuses,
        "rebuild": lambda: done.append("r"),
    }
    widget = BuildWidget(BuildState("cube", "exe"), lambda *_: {}, lambda: None, more=more)
    assert widget.buttons == ["download", "rebuild", "reveal"]
    sent: list[Any] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._handle_custom_msg({"do": "download"}, [])  # nothing is built yet
    assert sent == []
    for one in build_events():
        widget.add(one)
    for what in ("download", "reveal", "rebuild", "delete"):
        widget._handle_custom_msg({"do": what}, [])
    assert sent == [({"file": "plain"}, [b"\x7fELF"]), ({"said": "no desktop"}, None)]
    assert done == ["r"]


def test_a_download_is_the_file_or_the_whole_bundle(tmp_path: Path) -> None:
    for folder in ("bin", "lib"):
        (tmp_path / "out" / folder).mkdir(parents=True)
    program = tmp_path / "out" / "bin" / "x"
    program.write_bytes(b"program")
    (tmp_path / "out" / "lib" / "liby.so").write_bytes(b"library")
    alone = Artifact(id="a", kind="exe", name="x", path=str(program), sha256="", bytes=7)
    assert packed(to_json(alone)) == ("x", b"program")
    name, data = packed({**to_json(alone), "bundle_bytes": 14})
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert {m.name for m in archive if m.isfile()} == {"x/bin/x", "x/lib/liby.so"}
    assert name == "x.tar.gz"
    with pytest.raises(SettingError, match="too large"):
        packed({**to_json(alone), "bytes": 10**10})
    program.unlink()
    with pytest.raises(SettingError, match="is gone"):
        packed(to_json(alone))


def test_without_a_desktop_the_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert reveal({"path": "/tmp/x/program"}).endswith("the folder is /tmp/x")
