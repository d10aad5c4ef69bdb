"""The example to the letter: a package with `@main` in a file of its own, a one-file program, a script."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jupyter_julia_aot.build import build, run_artifact
from jupyter_julia_aot.build.keep import SMOKE_TEST, WORKFLOW, keep_project
from jupyter_julia_aot.build.project import write_project
from jupyter_julia_aot.errors import BuildError, SettingError
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain import installation
from jupyter_julia_aot.toolchain.find import julia_command, julia_environment
from jupyter_julia_aot.toolchain.packages import package_environment

AGENT = """\
function @main(ARGS)
    println(Core.stdout, "Julia agent")
    println(Core.stdout, "a binary from Julia source")
    println(Core.stdout, "arguments: $(length(ARGS))")
    println(Core.stdout, "sum of 1 to 100: $(sum(1:100))")
    println(Core.stdout, "done")
    return 0
end
"""
FIVE_LINES = "Julia agent\na binary from Julia source\narguments: 0\nsum of 1 to 100: 5050\ndone\n"
HELLOY = 'function @main(ARGS)\n    println(Core.stdout, "helloy")\n    return 0\nend\n'
SCRIPT = """\
using Printf
n = 4
scale = 2
twice(x) = scale * x
total = 0
for i in 1:n
    global total += i
end
println(Core.stdout, "total ", total, " ", twice(3), " ", length(ARGS))
if abspath(PROGRAM_FILE) == @__FILE__
    print(Core.stdout, @sprintf("%03d\\n", 7))
end
"""
SCRIPT_SAYS = "total 10 6 0\n007\n"


@pytest.fixture
def agent_project(tmp_path: Path) -> Path:
    """The package directory of the example."""
    folder = tmp_path / "agent_project"
    (folder / "src").mkdir(parents=True)
    (folder / "Project.toml").write_text(
        'name = "agent_project"\nuuid = "6e2f7c1a-5a5e-4b53-9f0d-0c9f2b7d1e11"\nversion = "0.1.0"\n'
    )
    (folder / "src" / "agent_project.jl").write_text('module agent_project\n\ninclude("agent.jl")\n\nend\n')
    (folder / "src" / "agent.jl").write_text(AGENT)
    return folder


def said_by_the_entry(recipe: Recipe, julia: Toolchain, folder: Path) -> str:
    """What the written package prints when its entry is called, without compiling it ahead of time."""
    project = write_project(recipe, installation(julia), folder)
    main = folder / "src" / f"{project.module}.jl"
    text = f"include({str(main)!r}); exit({project.module}.{project.entry}(String[]))".replace("'", '"')
    command = julia_command(julia, f"--project={folder}", "-e", text)
    ran = subprocess.run(
        command, env=julia_environment(julia), capture_output=True, text=True, timeout=900, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.julia
class TestAnyJulia:
    """The entry works on every Julia, with `@main` and without."""

    def test_from_a_package_directory(
        self, any_julia: Toolchain, agent_project: Path, tmp_path: Path
    ) -> None:
        recipe = Recipe(name="julia_agent", project=str(agent_project))
        assert said_by_the_entry(recipe, any_julia, tmp_path / "copy") == FIVE_LINES
        assert (agent_project / "src" / "agent.jl").read_text() == AGENT

    def test_from_a_cell(self, any_julia: Toolchain, tmp_path: Path) -> None:
        assert said_by_the_entry(Recipe(name="agent", code=AGENT), any_julia, tmp_path) == FIVE_LINES

    def test_from_one_file(self, any_julia: Toolchain, tmp_path: Path) -> None:
        assert said_by_the_entry(Recipe(name="helloy", code=HELLOY), any_julia, tmp_path) == "helloy\n"

    @pytest.mark.parametrize("call", ["", "main(ARGS)\n"])
    def test_a_file_that_includes_others(self, any_julia: Toolchain, tmp_path: Path, call: str) -> None:
        (tmp_path / "parts").mkdir()
        (tmp_path / "parts" / "words.jl").write_text('const WORD = "included"\n')
        main = "function main(ARGS)" if call else "function (@main)(ARGS)"
        (tmp_path / "parts" / "all.jl").write_text(
            f'include("words.jl")\n{main}\n    println(Core.stdout, WORD)\n    return 0\nend\n'
        )
        recipe = Recipe(name="inc", code=f'include("parts/all.jl")\n{call}', folder=str(tmp_path))
        assert said_by_the_entry(recipe, any_julia, tmp_path / "project") == "included\n"

    def test_a_package_beside_another(
        self, any_julia: Toolchain, tmp_path: Path, agent_project: Path
    ) -> None:
        """A dependency named by a relative path is found from the copy, too."""
        other = tmp_path / "Words"
        (other / "src").mkdir(parents=True)
        uuid = "0b9d3a52-1d0c-4a5e-9a51-7d0a3f9c4e21"
        (other / "Project.toml").write_text(f'name = "Words"\nuuid = "{uuid}"\nversion = "0.1.0"\n')
        (other / "src" / "Words.jl").write_text('module Words\nconst WORD = "beside"\nend\n')
        project = agent_project / "Project.toml"
        project.write_text(f'{project.read_text()}\n[deps]\nWords = "{uuid}"\n')
        (agent_project / "Manifest.toml").write_text(
            f'[[Words]]\npath = "../Words"\nuuid = "{uuid}"\nversion = "0.1.0"\n'
        )
        (agent_project / "src" / "agent.jl").write_text(
            "using Words\nfunction @main(ARGS)\n    println(Core.stdout, Words.WORD)\n    return 0\nend\n"
        )
        recipe = Recipe(name="beside", project=str(agent_project))
        assert said_by_the_entry(recipe, any_julia, tmp_path / "copy") == "beside\n"

    def test_a_script_without_a_function_to_start(self, any_julia: Toolchain, tmp_path: Path) -> None:
        assert said_by_the_entry(Recipe(name="script", code=SCRIPT), any_julia, tmp_path) == SCRIPT_SAYS

    def test_a_function_that_the_script_calls_itself(self, any_julia: Toolchain, tmp_path: Path) -> None:
        code = 'function main()\n    println(Core.stdout, "hi")\nend\nmain()\n'
        assert said_by_the_entry(Recipe(name="script", code=code), any_julia, tmp_path) == "hi\n"


@pytest.mark.julia
def test_a_package_to_keep(any_julia: Toolchain, tmp_path: Path) -> None:
    """What ``--project-out`` writes has all a stranger's CI needs, and is itself a package to build."""
    yaml = pytest.importorskip("yaml")
    folder = tmp_path / "kept"
    keep_project(Recipe(name="helloy", code=HELLOY, trim="safe"), any_julia, folder)
    assert {p.name for p in (folder / "src").iterdir()} == {"AotHelloy.jl", "cell.jl"}
    assert "JuliaC" in (folder / "README.md").read_text()
    workflow = yaml.safe_load((folder / WORKFLOW).read_text())
    job = workflow["jobs"]["build"]
    assert job["strategy"]["matrix"]["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[1].endswith("--output-exe helloy --bundle build --trim=safe --experimental .")
    assert commands[2] == "./build/bin/helloy"
    again = Recipe(name="helloy", project=str(folder))
    if any_julia.version_tuple >= (1, 11, 0):
        assert said_by_the_entry(again, any_julia, tmp_path / "again") == "helloy\n"
    with pytest.raises(SettingError, match="is in use"):
        keep_project(Recipe(name="helloy", code=HELLOY), any_julia, folder)
    with pytest.raises(BuildError, match="no code"):
        keep_project(Recipe(name="none", code=""), any_julia, tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.julia
def test_a_library_to_keep_exports_its_functions(any_julia: Toolchain, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    folder = tmp_path / "kept"
    code = "half(x::Float64) = x / 2\nanything(x) = x\n"
    keep_project(Recipe(name="half", kind="lib", code=code, trim="auto"), any_julia, folder)
    main = (folder / "src" / "AotHalf.jl").read_text()
    assert main.count('include("julia_aot_binding.jl")') == 1
    assert "@ccallable function aot_half(" in (folder / "src" / "julia_aot_binding.jl").read_text()
    assert "for symbol in ['aot_half']:" in (folder / SMOKE_TEST).read_text()
    steps = yaml.safe_load((folder / WORKFLOW).read_text())["jobs"]["build"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert " --output-lib half --bundle build --privatize --trim=safe --experimental ." in commands[1]
    assert commands[2] == "python test/smoke.py"
    again = tmp_path / "again"
    keep_project(Recipe(name="half", kind="lib", project=str(folder), trim="safe"), any_julia, again)
    assert (again / "src" / "AotHalf.jl").read_text() == main, "nothing is exported twice"


def needs_juliac_package(juliac: Toolchain) -> None:
    if not package_environment("JuliaC", installation(juliac)):
        pytest.skip("bundles need the package JuliaC")


@pytest.mark.julia112
@pytest.mark.timeout(1800)
def test_the_example_to_the_letter(juliac: Toolchain, agent_project: Path, tmp_path: Path) -> None:
    needs_juliac_package(juliac)
    recipe = Recipe(name="julia_agent", project=str(agent_project), trim="safe", bundle=True)
    built = build(recipe, juliac, out=tmp_path / "build")
    assert built.artifact.path == str(tmp_path / "build" / "bin" / "julia_agent")
    assert built.artifact.bytes < 3e6
    ran = run_artifact(built.artifact)
    assert (ran.exit_code, ran.stdout) == (0, FIVE_LINES)


@pytest.mark.julia112
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("name", "code", "says"),
    [("agent", AGENT, FIVE_LINES), ("helloy", HELLOY, "helloy\n"), ("script", SCRIPT, None)],
)
def test_one_file_programs(name: str, code: str, says: str | None, juliac: Toolchain) -> None:
    built = build(Recipe(name=name, code=code, trim="safe" if says else "auto", fix=True), juliac)
    assert built.verified.stdout == (says or SCRIPT_SAYS)
    assert built.artifact.trim == "safe"


# What each does, and the library that it must still find.
USERS = {
    "gmp": (
        "function @main(args)\n    println(Core.stdout, string(big(2)^100 + length(args)))\n"
        "    return 0\nend\n",
        "1267650600228229401496703205376\n",
        "libgmp",
    ),
    "pcre": (
        'function @main(args)\n    m = match(r"(\\d+)-(\\d+)", "from 12-34 on")\n'
        '    println(Core.stdout, m === nothing ? "none" : m.match)\n    return 0\nend\n',
        "12-34\n",
        "libpcre2",
    ),
}


@pytest.mark.julia112
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", sorted(USERS))
def test_a_slim_bundle_keeps_the_libraries_that_are_used(name: str, juliac: Toolchain) -> None:
    needs_juliac_package(juliac)
    code, says, library = USERS[name]
    built = build(Recipe(name=name, code=code, trim="safe", bundle=True, slim=True), juliac)
    assert built.verified.stdout == says
    assert any(lib.bundled and lib.name.startswith(library) for lib in built.artifact.libraries)


@pytest.mark.julia112
@pytest.mark.timeout(1800)
def test_a_slim_bundle_runs_where_there_is_nothing_else(juliac: Toolchain, tmp_path: Path) -> None:
    """A quarter of JuliaC's own bundle, the same output, in an empty root with the C library only."""
    import json

    from jupyter_julia_aot.build import alone

    needs_juliac_package(juliac)
    whole = build(Recipe(name="agent", code=AGENT, trim="safe", bundle=True), juliac)
    slim = build(Recipe(name="agent", code=AGENT, trim="safe", bundle=True, slim=True), juliac, out=tmp_path)
    assert whole.artifact.bundle_bytes is not None
    assert slim.artifact.bundle_bytes is not None
    assert slim.artifact.bundle_bytes <= 0.25 * whole.artifact.bundle_bytes
    assert slim.artifact.bytes <= 1.1e6
    assert slim.verified.stdout == whole.verified.stdout == FIVE_LINES
    sbom = json.loads((tmp_path / slim.artifact.sbom).read_text())
    parts = {c["name"]: c for c in sbom["components"]}
    assert parts["Julia"]["version"] == juliac.version
    assert parts["GMP"]["licenses"] == [{"expression": "LGPL-3.0-or-later OR GPL-2.0-or-later"}]
    shipped = {lib.name for lib in slim.artifact.libraries if lib.bundled}
    named = {
        p["value"].split()[0].rsplit("/", 1)[-1] for c in parts.values() for p in c.get("properties", ())
    }
    assert shipped <= named
    reason = alone.why_not()
    if reason:
        pytest.skip(reason)
    assert slim.verified.alone is True
    ran = alone.run_alone(tmp_path, tmp_path / "bin" / "agent", ["a"])
    assert (ran.exit_code, ran.stdout) == (0, FIVE_LINES.replace("arguments: 0", "arguments: 1"))
