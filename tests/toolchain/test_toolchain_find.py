"""Finding Julias, asking them once, and telling what they can do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import CapabilityError, NoJuliaError
from jupyter_julia_aot.records import CAPABILITIES, Toolchain
from jupyter_julia_aot.toolchain import (
    broken_toolchains,
    choose_toolchain,
    find_toolchains,
    installation,
    julia_command,
    julia_environment,
)
from jupyter_julia_aot.toolchain import probe as probing
from jupyter_julia_aot.toolchain.capabilities import version_tuple
from jupyter_julia_aot.toolchain.process import run


def fake_julia(folder: Path, body: str) -> str:
    program = folder / "julia"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return str(program)


def says(version: str) -> str:
    return f"printf 'julia-aot\\tversion\\t{version}\\njulia-aot\\tbindir\\t/nowhere/bin\\n'"


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.julia
def test_a_real_julia_is_described(toolchain: Toolchain) -> None:
    place = installation(toolchain)
    assert place.version == toolchain.version
    assert version_tuple(place.version) == toolchain.version_tuple >= (1, 5, 0)
    assert "trial" in toolchain.capabilities
    assert set(toolchain.capabilities) | set(toolchain.reason) == set(CAPABILITIES)
    assert not set(toolchain.capabilities) & set(toolchain.reason)
    assert Path(place.libjulia).is_file()
    assert Path(place.image).is_file()
    assert Path(toolchain.path).resolve().is_relative_to(toolchain.prefix)


@pytest.mark.julia
def test_the_command_and_environment_run_it(toolchain: Toolchain) -> None:
    command = julia_command(toolchain, "--compile=min", "-e", 'print(6 * 7, ENV["EXTRA"])')
    ran = run(command, environment=julia_environment(toolchain, {"EXTRA": "!"}), timeout=300)
    assert (ran.code, ran.stdout) == (0, "42!")


@pytest.mark.julia
def test_a_script_elsewhere_is_seen_through(toolchain: Toolchain, tmp_path: Path, own_cache: Path) -> None:
    exports = "\n".join(f"export {name}='{value}'" for name, value in toolchain.environment.items())
    script = fake_julia(tmp_path, f"{exports}\nexec '{toolchain.path}' \"$@\"")
    (found,) = find_toolchains(script)
    assert found.prefix == toolchain.prefix
    assert Path(found.path).resolve().is_relative_to(found.prefix)
    ran = run(julia_command(found, "-e", "print(VERSION)"), environment=julia_environment(found), timeout=300)
    assert ran.stdout == found.version


@pytest.mark.julia
def test_a_julia_is_asked_once(toolchain: Toolchain, own_cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "asked"
    exports = "\n".join(f"export {name}='{value}'" for name, value in toolchain.environment.items())
    script = fake_julia(tmp_path, f"{exports}\necho x >>'{log}'\nexec '{toolchain.path}' \"$@\"")
    first = find_toolchains(script)
    probing._memory.clear()  # as in a new process: only the file remembers
    assert find_toolchains(script) == first
    assert log.read_text().count("x") == 1
    (own_cache / "toolchains" / "probes.json").write_text("{ damaged")
    probing._memory.clear()
    assert find_toolchains(script) == first
    assert log.read_text().count("x") == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("echo 'cannot open shared object file' >&2; exit 127", "cannot open shared object file"),
        ("echo hello", "does not run as Julia"),
        ("kill -SEGV $$", "killed by SIGSEGV"),
        (says("1.4.2"), "it is Julia 1.4.2"),
        (says("0.6.4"), "it is Julia 0.6.4"),
    ],
)
def test_broken_or_too_old_is_reported(body: str, why: str, tmp_path: Path, own_cache: Path) -> None:
    program = fake_julia(tmp_path, body)
    assert find_toolchains(program) == ()
    ((path, reason),) = broken_toolchains(program)
    assert path == program
    assert why in reason
    with pytest.raises(NoJuliaError, match="asked for") as raised:
        choose_toolchain("trial", program)
    assert raised.value.remedy


def test_a_hanging_julia_costs_its_time_once(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "PROBE_SECONDS", 0.3)
    program = fake_julia(tmp_path, f"echo x >>'{tmp_path}/asked'; sleep 60")
    for _ in range(3):
        assert "did not answer" in dict(broken_toolchains(program))[program]
    assert (tmp_path / "asked").read_text().count("x") == 1


def test_a_missing_julia_is_reported(tmp_path: Path, own_cache: Path) -> None:
    assert "no such program" in dict(broken_toolchains(str(tmp_path / "none")))[str(tmp_path / "none")]
    assert "directory" in dict(broken_toolchains(str(tmp_path)))[str(tmp_path)]
    assert dict(broken_toolchains("no-such-julia")) == {"no-such-julia": "there is no such program"}


def test_a_relative_path_is_taken_from_here(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_julia(tmp_path, says("1.9.4"))
    monkeypatch.chdir(tmp_path)
    (found,) = find_toolchains("./julia")
    assert found.path == str(tmp_path / "julia")


def test_a_missing_capability_gives_its_reason(tmp_path: Path, own_cache: Path) -> None:
    program = fake_julia(tmp_path, says("1.9.4"))
    with pytest.raises(CapabilityError, match=r"needs Julia ≥ 1\.12, this is 1\.9\.4") as raised:
        choose_toolchain("juliac", program)
    assert "1.12" in raised.value.remedy
    (found,) = find_toolchains(program)
    assert found.capabilities == ("trial",)
    assert "PackageCompiler is not installed" in found.reason["packagecompiler"]


def test_without_a_c_compiler_nothing_can_be_built(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fake_julia(tmp_path, says("1.12.5"))
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "sleep"):
        if path := shutil.which(tool):
            (tools / tool).symlink_to(path)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.delenv("JULIA_CC", raising=False)
    (found,) = find_toolchains(program)
    for capability in ("juliac", "sysimage", "packagecompiler"):
        assert "no C compiler" in found.reason[capability]
    # On a Julia that is too old for juliac it is still the compiler that is missing.
    program = fake_julia(tmp_path, says("1.9.4"))
    with pytest.raises(CapabilityError, match="no C compiler") as raised:
        choose_toolchain("juliac", program)
    assert "gcc" in raised.value.remedy


def test_several_julias_are_ordered(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """juliaup's versions are all found, the newest first; the broken one is told apart."""
    for version in ("1.9.4", "1.10.10", "1.11.7"):
        folder = tmp_path / "depot" / "juliaup" / f"julia-{version}" / "bin"
        folder.mkdir(parents=True)
        body = f"printf 'julia-aot\\tversion\\t{version}\\njulia-aot\\tbindir\\t{folder}\\n'"
        fake_julia(folder, body if version != "1.10.10" else "exit 3")
    monkeypatch.setenv("JULIAUP_DEPOT_PATH", str(tmp_path / "depot"))
    monkeypatch.delenv("JULIA_AOT_JULIA", raising=False)
    from jupyter_julia_aot.settings import settings

    monkeypatch.setattr(settings(), "julia", "")
    ours = [t for t in find_toolchains() if t.source == "juliaup"]
    assert [t.version for t in ours] == ["1.11.7", "1.9.4"]
    assert any("1.10.10" in path for path, _ in broken_toolchains())
