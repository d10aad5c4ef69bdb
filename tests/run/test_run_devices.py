"""Devices: what the kernel's tables say, smoke tests in a process of their own, and loud failures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.errors import DeviceError, JuliaError
from jupyter_julia_aot.pipeline import devices
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.run.devices import environments
from jupyter_julia_aot.run.devices.environments import (
    _PASSED,
    find_environment,
    process_variables,
    write_preferences,
)
from jupyter_julia_aot.run.devices.hardware import (
    architecture,
    find_gpus,
    parse_rocminfo,
    rocm_version,
)
from jupyter_julia_aot.run.devices.session import DeviceSession
from jupyter_julia_aot.run.devices.smoke import read_steps, smoke_test

STANDIN = Path(__file__).parent / "standin"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def node(
    root: Path, number: int, name: str = "", banks: tuple[tuple[int, int], ...] = (), **values: int
) -> None:
    folder = root / str(number)
    write(folder / "properties", "".join(f"{key} {value}\n" for key, value in values.items()))
    write(folder / "name", f"{name}\n")
    for i, (heap, size) in enumerate(banks):
        write(
            folder / "mem_banks" / str(i) / "properties", f"heap_type {heap}\nsize_in_bytes {size}\nflags 0\n"
        )


@pytest.mark.parametrize(
    ("number", "name"),
    [(110501, "gfx1151"), (90402, "gfx942"), (110000, "gfx1100"), (90010, "gfx90a"), (120001, "gfx1201")],
)
def test_architectures_are_named_as_compilers_name_them(number: int, name: str) -> None:
    assert architecture(number) == name


def test_an_apu_has_unified_memory(tmp_path: Path) -> None:
    kfd, drm = tmp_path / "kfd", tmp_path / "drm"
    node(kfd, 0, cpu_cores_count=32, simd_count=0, banks=((0, 128 << 30),))
    node(
        kfd,
        1,
        "ip discovery",
        cpu_cores_count=0,
        simd_count=80,
        gfx_target_version=110501,
        drm_render_minor=128,
    )
    write(drm / "renderD128" / "device" / "mem_info_vram_total", f"{1 << 30}\n")
    write(drm / "renderD128" / "device" / "mem_info_gtt_total", f"{62 << 30}\n")
    gpu = find_gpus(kfd, drm)[0]
    assert (gpu.vendor, gpu.architecture, gpu.unified) == ("AMD", "gfx1151", True)
    assert (gpu.memory_bytes, gpu.shared_bytes) == (1 << 30, 62 << 30)
    assert "no kernels for gfx1151" in gpu.notes[0]


def test_a_card_has_memory_of_its_own(tmp_path: Path) -> None:
    node(tmp_path, 0, cpu_cores_count=16, simd_count=0)
    node(
        tmp_path, 1, "navi31", ((1, 24 << 30),), cpu_cores_count=0, simd_count=192, gfx_target_version=110000
    )
    gpu = find_gpus(tmp_path, tmp_path)[0]
    assert (gpu.name, gpu.memory_bytes, gpu.unified, gpu.notes) == ("navi31", 24 << 30, False, ())


def test_a_machine_without_amd(tmp_path: Path) -> None:
    assert [g for g in find_gpus(tmp_path / "none", tmp_path / "none") if g.vendor == "AMD"] == []


def test_rocm(tmp_path: Path) -> None:
    write(tmp_path / ".info" / "version", "7.1.0-54\n")
    assert rocm_version(tmp_path) == "7.1.0"
    assert rocm_version(tmp_path / "other") == ""
    text = "Agent 1\n  Name:     AMD RYZEN AI MAX+ 395\nAgent 2\n  Name:     gfx1151\n"
    assert parse_rocminfo(text) == ("gfx1151",)


def test_preallocation_is_off_where_memory_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLA_REACTANT_GPU_PREALLOCATE", raising=False)
    assert process_variables(unified=True)["XLA_REACTANT_GPU_PREALLOCATE"] == "false"
    assert "XLA_REACTANT_GPU_PREALLOCATE" not in process_variables(unified=False)
    monkeypatch.setenv("XLA_REACTANT_GPU_PREALLOCATE", "true")
    assert process_variables(unified=True)["XLA_REACTANT_GPU_PREALLOCATE"] == "true"


def test_both_preferences_ask_for_the_rocm_build(tmp_path: Path) -> None:
    write_preferences(tmp_path, rocm=True)
    assert (tmp_path / "LocalPreferences.toml").read_text() == (
        '[Reactant_jll]\ngpu = "rocm"\ngpu_version = "7.1"\n'
    )
    write_preferences(tmp_path, rocm=False)
    assert not list(tmp_path.iterdir())


def test_the_environments_are_two() -> None:
    assert not {"Reactant", "AMDGPU"} <= set(environments.PACKAGES["reactant"])
    assert not {"Reactant", "AMDGPU"} <= set(environments.PACKAGES["amdgpu"])
    assert "Reactant_jll" in environments.PACKAGES["reactant"], "its preferences are read only so"


def test_a_process_that_ends_in_a_step_names_it() -> None:
    lines = ["load\tbegun\t", "load\tpassed\t0.2", "backend\tbegun\t", "backend\tpassed\t"]
    lines += ["platform\tfact\trocm", "transfer\tbegun\t", "transfer\tpassed\t", "elementwise\tbegun\t"]
    lines += ["elementwise\tpassed\t", "gemm\tbegun\t"]
    found = read_steps("reactant", "rocm", lines, "killed by SIGABRT: rocBLAS error: no kernel")
    assert not found.usable
    assert found.reason.startswith("gemm: the process ended in this step (killed by SIGABRT: rocBLAS")
    assert found.facts == {"version": "0.2", "platform": "rocm"}
    assert not read_steps("reactant", "rocm", [], "exit code 1").usable


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain) -> Toolchain:
    monkeypatch.setenv("JULIA_AOT_REACTANT_PROJECT", str(STANDIN))
    monkeypatch.setenv("JULIA_AOT_AMDGPU_PROJECT", str(STANDIN))
    return toolchain


@pytest.mark.julia
def test_the_report(standin: Toolchain, tmp_path: Path) -> None:
    report = devices.device_report()
    cpu = report["reactant"]["backends"][0]
    assert (cpu["backend"], cpu["usable"], cpu["facts"]["platform"]) == ("cpu", True, "cpu")
    assert set(cpu["steps"].values()) == {"passed"}
    amd = report["amdgpu"]["backends"][0]
    assert not amd["usable"]
    assert amd["reason"].startswith("functional: AMDGPU.functional() is false")
    assert "AMDGPU" in amd["facts"]["supported_gpu_backends"]
    text = "\n".join(devices.device_lines(report))
    assert re.search(r"^Reactant +cpu +yes +✓ +✓ +– +– +✓ +✓ +✓$", text, re.MULTILINE)
    assert re.search(r"^AMDGPU +AMDGPU +no +✓ +✓ +✗ +· +· +· +·$", text, re.MULTILINE)
    page = devices.device_page(report)
    assert "<td>AMDGPU</td><td><b>no</b></td><td>✓</td><td>✓</td><td>✗</td>" in page
    devices.write_device_report(report, tmp_path / "report.md")
    written = (tmp_path / "report.md").read_text()
    assert json.loads(written.split("```json\n")[1].split("\n```")[0]) == report


@pytest.mark.julia
def test_a_backend_is_tested_once(standin: Toolchain) -> None:
    environment = find_environment("reactant")
    assert smoke_test(environment, "metal") is smoke_test(environment, "metal")
    assert "KeyError" in smoke_test(environment, "metal").reason


@pytest.mark.julia
def test_data_that_would_stay_on_the_cpu_is_an_error(standin: Toolchain) -> None:
    session = devices.device_session("amdgpu")
    try:
        assert session.run('"AMDGPU" in supported_gpu_backends()').value is True
        session.run("gdev = AMDGPUDevice()\nx = rand(Float32, 8)")
        for moved in ("x", "view(x, 1:2)", "(w = x, b = x)"):
            with pytest.raises(JuliaError) as raised:
                session.run(f"x_gpu = {moved} |> gdev", "In[1]")
            assert raised.value.julia_type == "StayedOnTheCpu"
            assert "AMDGPU.functional() is false" in raised.value.message
            assert raised.value.line == 1
        session.set(v=np.arange(3.0))
        assert session.get("v").tolist() == [0.0, 1.0, 2.0]
    finally:
        devices.close_device_sessions()


@pytest.mark.julia
def test_the_documents_own_session_works_on_a_gpu(
    standin: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JULIA_AOT_STANDIN_GPU", "gfx1151")
    monkeypatch.setattr(
        "jupyter_julia_aot.run.devices.environments._PASSED", (*_PASSED, "JULIA_AOT_STANDIN_GPU")
    )
    session = devices.device_session("amdgpu")
    try:
        session.run("gdev = AMDGPUDevice()\nx = rand(Float32, 8)\nx_gpu = x |> gdev")
        assert session.run("x_gpu isa AMDGPU.ROCArray && Array(x_gpu) ≈ x").value is True
        assert session.run("((w = x,) |> gdev).w isa AMDGPU.ROCArray").value is True
    finally:
        devices.close_device_sessions()
    smoke = smoke_test(find_environment("amdgpu"), "AMDGPU", again=True)
    assert smoke.usable, smoke.reason
    assert smoke.facts["architecture"] == "gfx1151"


@pytest.mark.julia
def test_without_amdgpu_it_fails_loudly_from_the_moment_that_mldatadevices_is_loaded(
    standin: Toolchain,
) -> None:
    loud = Path(environments.__file__).with_name("loud.jl")
    session = DeviceSession(find_environment("amdgpu"), loud, unified=False)
    try:
        session.run("using MLDataDevices\ngdev = AMDGPUDevice();")
        with pytest.raises(JuliaError, match=r"AMDGPU\.jl is not loaded"):
            session.run("[1.0] |> gdev")
        assert session.run("[1.0] |> CPUDevice()").value.tolist() == [1.0]
    finally:
        session.close()


@pytest.mark.julia
def test_what_is_missing_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain, tmp_path: Path
) -> None:
    monkeypatch.delenv("JULIA_AOT_REACTANT_PROJECT", raising=False)
    monkeypatch.setenv("JULIA_AOT_AMDGPU_PROJECT", str(tmp_path / "none"))
    with pytest.raises(DeviceError, match="no folder"):
        find_environment("amdgpu")
    with pytest.raises(DeviceError) as raised:
        find_environment("reactant")
    assert "install" in str(raised.value)


def test_the_report_is_made_without_any_package(
    monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain
) -> None:
    for name in environments.VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    report: dict[str, Any] = devices.device_report(smoke=False)
    assert report["machine"]["cores"]
    text = "\n".join(devices.device_lines(report))
    assert "Reactant" in text
    assert "ROCm" in text
