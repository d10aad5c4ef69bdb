"""What a bundle is made of, without compiling Julia: its bill of materials, and running it by itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from jupyter_julia_aot.build import alone
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import write_project
from jupyter_julia_aot.build.sbom import shipped, write_sbom
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain import installation
from jupyter_julia_aot.toolchain.capabilities import c_compiler


def job_with(files: dict[str, bytes], julia: Toolchain, folder: Path) -> Job:
    """A build whose product holds ``files``."""
    recipe = Recipe(name="agent", code="function @main(args)\n    return 0\nend\n", bundle=True)
    place = installation(julia)
    project = write_project(recipe, place, folder / "project")
    for path, content in files.items():
        file = folder / "product" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (folder / "work").mkdir()
    return Job(
        recipe=recipe,
        toolchain=julia,
        place=place,
        project=project,
        work=folder / "work",
        product=folder / "product",
    )


@pytest.mark.julia
def test_the_bill_names_what_is_shipped(any_julia: Toolchain, tmp_path: Path) -> None:
    files = {
        "bin/agent": b"\x7fELF program",
        "lib/libjulia.so.1": b"j",
        "lib/julia/libgmp.so.10": b"g",
        "lib/julia/libstdc++.so.6": b"s",
        "lib/julia/libgcc_s.so.1": b"c",
        "lib/julia/libodd-1.2.3.so": b"o",
    }
    job = job_with(files, any_julia, tmp_path)
    (job.project.folder / "Manifest.toml").write_text(
        'julia_version = "1.12.5"\nmanifest_format = "2.0"\n\n'
        '[[deps.Example]]\npath = "example"\nuuid = "7876af07-990d-54b4-ab0e-23690620f79a"\n'
        'version = "0.5.5"\n\n[[deps.Printf]]\nuuid = "de0858da-6303-5e67-8744-51eddeeeb8d7"\n'
    )
    licence = "MIT License\n\nPermission is hereby granted, free of charge, to any person\nobtaining a copy"
    (job.project.folder / "example").mkdir()
    (job.project.folder / "example" / "LICENSE.md").write_text(licence)
    parts = {part.name: part for part in shipped(job)}
    assert parts["Julia"].version == any_julia.version
    assert parts["Julia"].licence == "MIT"
    assert [path for path, _ in parts["Julia"].files] == ["lib/libjulia.so.1"]
    assert parts["GMP"].licence == "LGPL-3.0-or-later OR GPL-2.0-or-later"
    gcc = next(part for name, part in parts.items() if name.startswith("GCC"))
    assert len(gcc.files) == 2
    assert (parts["libodd"].version, parts["libodd"].licence) == ("1.2.3", "")
    assert (parts["Example"].version, parts["Example"].licence) == ("0.5.5", "MIT")
    assert "Printf" not in parts

    write_sbom(job, tmp_path / "agent.cdx.json")
    bom = json.loads((tmp_path / "agent.cdx.json").read_text())
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert bom["metadata"]["component"]["name"] == "agent"
    assert {c["name"] for c in bom["components"]} == set(parts)
    (needs,) = [d["dependsOn"] for d in bom["dependencies"] if d["ref"] == "artifact/agent"]
    assert len(needs) == len(parts)


@pytest.mark.julia  # needs a C compiler, as building does
def test_a_bundle_that_lacks_a_library_does_not_run_by_itself(toolchain: Toolchain, tmp_path: Path) -> None:
    reason = alone.why_not()
    if reason:
        pytest.skip(reason)
    product = tmp_path / "product"
    for folder in ("bin", "lib"):
        (product / folder).mkdir(parents=True)
    (tmp_path / "part.c").write_text("int part(void) { return 42; }\n")
    (tmp_path / "main.c").write_text(
        "#include <stdio.h>\n#include <unistd.h>\nint part(void);\n"
        'int main(int n, char **v) { printf("%d %d %d\\n", part(), n, access("/etc", F_OK)); return 3; }\n'
    )
    library, program = product / "lib" / "libpart.so", product / "bin" / "program"
    compiler = c_compiler()
    subprocess.run(
        [*compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "part.c")], check=True, timeout=120
    )
    command = [*compiler, "-o", str(program), str(tmp_path / "main.c"), f"-L{library.parent}", "-lpart"]
    subprocess.run([*command, "-Wl,-rpath,$ORIGIN/../lib"], check=True, timeout=120)
    ran = alone.run_alone(product, program, ["x"])
    assert (ran.exit_code, ran.stdout) == (3, "42 2 -1\n"), ran.stderr
    library.rename(tmp_path / "libpart.so")
    ran = alone.run_alone(product, program)
    assert ran.exit_code == 127
    assert "libpart.so" in ran.stderr
