"""What a bundle ships, by name, version and licence, as a CycloneDX bill of materials."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.build.dependencies import standard_library
from jupyter_julia_aot.build.job import Job

# Beginning of a library's file name → component, the JLL of Julia's that names its version, SPDX licence.
# Licences as in Julia's THIRDPARTY.md; GCC's and LLVM's run-time libraries with their exceptions.
_GCC = (
    "GCC run-time libraries (CompilerSupportLibraries)",
    "CompilerSupportLibraries_jll",
    "GPL-3.0-or-later WITH GCC-exception-3.1",
)
_KNOWN: tuple[tuple[str, tuple[str, str, str]], ...] = (
    ("libjulia", ("Julia", "", "MIT")),
    ("libopenblas", ("OpenBLAS", "OpenBLAS_jll", "BSD-3-Clause")),
    ("libblastrampoline", ("libblastrampoline", "libblastrampoline_jll", "MIT")),
    ("libblas", ("BLAS", "", "BSD-3-Clause")),
    ("liblapack", ("LAPACK", "", "BSD-3-Clause")),
    ("libgfortran", _GCC),
    ("libgcc_s", _GCC),
    ("libstdc++", _GCC),
    ("libquadmath", _GCC),
    ("libgomp", _GCC),
    ("libssp", _GCC),
    ("libatomic", _GCC),
    ("libgmp", ("GMP", "GMP_jll", "LGPL-3.0-or-later OR GPL-2.0-or-later")),
    ("libmpfr", ("MPFR", "MPFR_jll", "LGPL-3.0-or-later")),
    ("libpcre2", ("PCRE2", "PCRE2_jll", "BSD-3-Clause")),
    ("libzstd", ("Zstandard", "Zstd_jll", "BSD-3-Clause")),
    ("libz3", ("Z3", "", "MIT")),
    ("libz.", ("zlib", "Zlib_jll", "Zlib")),
    ("libopenlibm", ("OpenLibm", "OpenLibm_jll", "MIT AND ISC AND BSD-2-Clause")),
    ("libdSFMT", ("dSFMT", "dSFMT_jll", "BSD-3-Clause")),
    ("libdsfmt", ("dSFMT", "dSFMT_jll", "BSD-3-Clause")),
    ("libuv", ("libuv", "LibUV_jll", "MIT")),
    ("libunwind", ("libunwind", "LibUnwind_jll", "MIT")),
    ("libutf8proc", ("utf8proc", "", "MIT")),
    ("libLLVM", ("LLVM", "libLLVM_jll", "Apache-2.0 WITH LLVM-exception")),
    ("libgit2", ("libgit2", "LibGit2_jll", "GPL-2.0-only WITH GCC-exception-2.0")),
    ("libssh2", ("libssh2", "LibSSH2_jll", "BSD-3-Clause")),
    ("libcurl", ("curl", "LibCURL_jll", "curl")),
    ("libmbed", ("Mbed TLS", "MbedTLS_jll", "Apache-2.0")),
    ("libssl", ("OpenSSL", "OpenSSL_jll", "Apache-2.0")),
    ("libcrypto", ("OpenSSL", "OpenSSL_jll", "Apache-2.0")),
    ("libnghttp2", ("nghttp2", "nghttp2_jll", "MIT")),
    ("libffi", ("libffi", "", "MIT")),
    ("libhttp_parser", ("http-parser", "", "MIT")),
    ("libedit", ("libedit", "", "BSD-3-Clause")),
    ("libtinfo", ("ncurses", "", "X11")),
    ("libbsd", ("libbsd", "", "BSD-3-Clause")),
    ("libmd", ("libmd", "", "BSD-3-Clause")),
    ("libxml2", ("libxml2", "", "MIT")),
    ("libicu", ("ICU", "", "Unicode-3.0")),
    ("liblzma", ("liblzma", "", "0BSD")),
    ("cert.pem", ("Mozilla CA certificates", "MozillaCACerts_jll", "MPL-2.0")),
)
# Sentences that only one licence has, for packages whose licence nothing else tells.
_LICENCE_TEXTS = (
    ("Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    ("Apache License", "Apache-2.0"),
    ("Mozilla Public License Version 2.0", "MPL-2.0"),
    ("Neither the name of", "BSD-3-Clause"),
    ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
    ("Permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"),
)


@dataclass(frozen=True, slots=True)
class Shipped:
    """One component: what it is, and the files of the bundle that it is in (relative, with SHA-256)."""

    name: str
    version: str
    licence: str
    """An SPDX expression; empty when it is not known."""
    files: tuple[tuple[str, str], ...] = ()


def shipped(job: Job) -> tuple[Shipped, ...]:
    """What the job's product ships: Julia, the packages compiled in, and each library by its component."""
    found: dict[str, tuple[str, str, list[tuple[str, str]]]] = {"Julia": (job.place.version, "MIT", [])}
    versions = _jll_versions(Path(job.place.datadir))
    for file in sorted(p for p in job.product.rglob("*") if p.is_file() and not p.is_symlink()):
        if not re.search(r"\.(so|dylib|dll)\b|cert\.pem$", file.name) or file.name.startswith(
            job.recipe.name
        ):
            continue
        known = next((k for start, k in _KNOWN if file.name.startswith(start)), None)
        name, jll, licence = known or (re.split(r"[.-]", file.name)[0], "", "")
        version = job.place.version if name == "Julia" else versions.get(jll) or _file_version(file.name)
        entry = found.setdefault(name, (version, licence, []))
        entry[2].append((str(file.relative_to(job.product)), hashlib.sha256(file.read_bytes()).hexdigest()))
    parts = [Shipped(name, v, licence, tuple(files)) for name, (v, licence, files) in found.items()]
    return (*parts, *_packages(job))


def _jll_versions(datadir: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in datadir.glob("stdlib/v*/*_jll/Project.toml"):
        match = re.search(r'^version\s*=\s*"([^"+]+)', file.read_text(encoding="utf-8"), re.M)
        if match:
            found[file.parent.name] = match[1]
    return found


def _file_version(name: str) -> str:
    match = re.search(r"\.so\.([\d.]+)$|[._-](\d+(?:\.\d+)+)\.(?:so|dylib|dll)", name)
    return (match[1] or match[2]) if match else ""


def _packages(job: Job) -> list[Shipped]:
    """Julia packages that the project's manifest names, without those that come with Julia."""
    own = standard_library(job.place)
    found: list[Shipped] = []
    for manifest in sorted(job.project.folder.glob("Manifest*.toml")):
        data = tomllib.loads(manifest.read_text(encoding="utf-8"))
        for name, entries in sorted(dict(data.get("deps", data)).items()):
            if name not in own and isinstance(entries, list):
                version = str(entries[0].get("version", ""))
                found.append(Shipped(name, version, _package_licence(name, entries[0], job)))
        break
    return found


def _package_licence(name: str, entry: dict[str, object], job: Job) -> str:
    folders = [job.project.folder / str(entry["path"])] if "path" in entry else []
    folders += [f for depot in job.place.depots for f in (Path(depot) / "packages" / name).glob("*")]
    for folder in folders:
        for file in sorted(folder.glob("LICEN[SC]E*")):
            text = " ".join(file.read_text(encoding="utf-8", errors="replace").split())
            for sentence, licence in _LICENCE_TEXTS:
                if sentence in text:
                    return licence
    return ""


def write_sbom(job: Job, file: Path) -> None:
    """Write the CycloneDX JSON of the job's product to ``file``."""
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    licences = LicenseFactory()
    bom = Bom()
    kind = ComponentType.APPLICATION if job.recipe.kind == "exe" else ComponentType.LIBRARY
    main = Component(name=job.recipe.name, type=kind, bom_ref=f"artifact/{job.recipe.name}")
    bom.metadata.component = main
    parts = []
    for part in shipped(job):
        files = [Property(name="file", value=f"{path} sha256:{digest}") for path, digest in part.files]
        component = Component(
            name=part.name,
            version=part.version or None,
            type=ComponentType.LIBRARY,
            bom_ref=f"{part.name}@{part.version}",
            licenses=[licences.make_from_string(part.licence)] if part.licence else None,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for _, digest in part.files[:1]],
            properties=files,
        )
        bom.components.add(component)
        parts.append(component)
    bom.register_dependency(main, parts)
    made = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    file.write_text(made.output_as_string(indent=1), encoding="utf-8")
