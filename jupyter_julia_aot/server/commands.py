"""From a request's fields to a command line: every value is checked, none can become an option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_julia_aot.server.validate import Fields, RequestError

FIELDS = frozenset(
    {"verb", "notebook", "name", "request", "tests", "n", "repair", "temperature", "base_url", "model"}
    | {"code", "kind", "trim", "bundle", "slim", "tasks", "samples", "workers", "timeout", "source"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One start of ``jupyter julia-aot VERB``; ``files`` are written into its directory."""

    verb: str
    title: str
    arguments: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)


def command(data: Mapping[str, Any], root: Path) -> Command:
    """The command for the fields of a request; paths in them start at ``root``.

    Raises :class:`RequestError` naming the field.
    """
    fields = Fields(data)
    verb = fields.string("verb", one_of=tuple(_BUILDERS))
    return _BUILDERS[verb](fields, root)


def _gen(fields: Fields, root: Path) -> Command:
    name = fields.identifier("name")
    request = fields.string("request", most=100_000)
    if not request.strip():
        raise RequestError("request: say what the function should do", field="request")
    arguments = [f"--name={name}"]
    arguments.append(f"-n{fields.integer('n', 8, least=1, most=512)}")
    arguments.append(f"--repair={fields.integer('repair', 2, most=16)}")
    temperature = fields.number("temperature")
    if temperature is not None:
        arguments.append(f"--temperature={temperature}")
    for option in ("base_url", "model"):
        value = fields.string(option, "", most=1000)
        if value:
            arguments.append(f"--{option.replace('_', '-')}={value}")
    files = {}
    tests = fields.string("tests", "", most=1_000_000)
    if tests.strip():
        files["tests.jl"] = tests
        arguments.append("--tests=tests.jl")
    return Command(verb="gen", title=name, arguments=(*arguments, "--json", "--", request), files=files)


def _build(fields: Fields, root: Path) -> Command:
    name = fields.identifier("name").rstrip("!")
    code = fields.string("code", most=2_000_000)
    if not code.strip():
        raise RequestError("code: there is nothing to compile", field="code")
    arguments = [
        f"--kind={fields.string('kind', 'exe', one_of=('exe', 'lib', 'sysimage'))}",
        f"--name={name}",
        f"--trim={fields.string('trim', 'no', one_of=('no', 'safe', 'unsafe', 'unsafe-warn'))}",
    ]
    arguments += [f"--{flag}" for flag in ("bundle", "slim") if fields.flag(flag, False)]
    return Command(
        verb="build",
        title=name,
        arguments=(*arguments, "--json", "--", f"{name}.jl"),
        files={f"{name}.jl": code},
    )


def _eval(fields: Fields, root: Path) -> Command:
    tasks = _existing(fields, "tasks", root)
    samples = _existing(fields, "samples", root)
    arguments = ["--json=result.json", f"--workers={fields.integer('workers', 0, most=1024)}"]
    if samples:
        arguments.append(f"--samples={samples}")
    else:
        arguments += ["--generate", f"-n{fields.integer('n', 1, least=1, most=512)}"]
    timeout = fields.number("timeout")
    if timeout is not None:
        arguments.append(f"--timeout={timeout}")
    # Without a path the task set that comes with the package is judged.
    return Command(
        verb="eval",
        title=Path(tasks).name or "our tasks",
        arguments=(*arguments, "--", *filter(None, [tasks])),
    )


def _existing(fields: Fields, name: str, root: Path) -> str:
    """The path of a file or folder, empty when none is given."""
    text = fields.string(name, "", most=4096).strip()
    if not text:
        return ""
    path = root / Path(text).expanduser()
    if not path.exists():
        raise RequestError(f"{name}: there is no file {path}", field=name, remedy="correct the path")
    return str(path)


def _serve(fields: Fields, root: Path) -> Command:
    return Command(verb="serve", title="embedded model", arguments=("--json",))


def _setup(fields: Fields, root: Path) -> Command:
    source = fields.string("source", "auto", one_of=("auto", "official", "debian"))
    return Command(verb="setup", title="Julia", arguments=(f"--source={source}", "--json"))


_BUILDERS: dict[str, Callable[[Fields, Path], Command]] = {
    "gen": _gen,
    "build": _build,
    "eval": _eval,
    "serve": _serve,
    "setup": _setup,
}
