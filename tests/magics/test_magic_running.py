"""``%julia devices``, ``%julia compare``, ``%%reactant`` and ``%%julia --device`` in a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.errors import JuliaError, SettingError
from jupyter_julia_aot.records import Oracle, Toolchain

pytestmark = pytest.mark.julia
STANDIN = Path(__file__).resolve().parents[1] / "run" / "standin"


@pytest.fixture(autouse=True)
def julia(toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JULIA_AOT_REACTANT_PROJECT", str(STANDIN))
    monkeypatch.setenv("JULIA_AOT_AMDGPU_PROJECT", str(STANDIN))
    monkeypatch.setattr("jupyter_julia_aot.run.measured.cache_dir", lambda: tmp_path)


def test_reactant_from_cell_to_program(shell: Any, tmp_path: Path, capsys: Any) -> None:
    shell.user_ns["xr"] = np.linspace(0, 1, 4)
    shell.run_cell_magic("reactant", "wave_m --on cpu --with xr 2.0", "wave_m(x, s) = s .* sin.(x)")
    said = capsys.readouterr().out
    assert "wave_m(…) runs on cpu" in said
    assert "difference 0, allowed 1.5e-08" in said
    assert np.allclose(shell.user_ns["wave_m"](shell.user_ns["xr"], 3.0), 3 * np.sin(shell.user_ns["xr"]))
    shell.run_line_magic("reactant", "hlo wave_m")
    assert "stablehlo.add" in capsys.readouterr().out
    shell.run_line_magic("reactant", f"export wave_m {tmp_path}")
    assert (tmp_path / "wave_m.mlir").is_file()
    assert (tmp_path / "wave_m.py").is_file()
    shell.run_cell_magic("reactant", "other_m --on cpu", "other_m(x) = x .+ 1")
    with pytest.raises(SettingError, match="certain shapes"):
        shell.run_line_magic("reactant", "hlo other_m")
    with pytest.raises(SettingError, match="no command"):
        shell.run_line_magic("reactant", "dance wave_m")


def test_comparing_takes_the_best(shell: Any, notebook: Any, capsys: Any) -> None:
    shell.run_cell_magic("julia", "cube_m --worker", "cube_m(x) = x^3")
    notebook.oracles["cube_m"] = Oracle(source="@test cube_m(3) == 27")
    shell.run_line_magic("julia", "compare cube_m --routes worker")
    assert "auto → worker" in capsys.readouterr().out
    assert shell.user_ns["cube_m"](4) == 64
    with pytest.raises(SettingError, match="no route"):
        shell.run_line_magic("julia", "compare cube_m --routes teleport")


def test_the_documents_own_session_fails_loudly(shell: Any, tmp_path: Path, capsys: Any) -> None:
    cell = (
        '@show "AMDGPU" in supported_gpu_backends()\ngdev = AMDGPUDevice()\nx = rand(Float32, 8)\nx |> gdev'
    )
    with pytest.raises(JuliaError) as raised:
        shell.run_cell_magic("julia", "--device amdgpu", cell)
    assert raised.value.julia_type == "StayedOnTheCpu"
    assert raised.value.line == 4
    assert "= true" in capsys.readouterr().out


def test_devices(shell: Any, tmp_path: Path, capsys: Any) -> None:
    shell.run_line_magic("julia", f"devices --no-test --report {tmp_path / 'report.md'}")
    assert "ROCm" in capsys.readouterr().out
    assert "Device report" in (tmp_path / "report.md").read_text()
