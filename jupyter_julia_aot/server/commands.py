"""From a request's fields to a command line: every value is checked, none can become an option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


def command(data: Mapping[str, Any]) -> Command:
    """The command for the fields of a request. Raises :class:`RequestError` naming the field."""
    fields = Fields(data)
    verb = fields.string("verb", one_of=tuple(_BUILDERS))
    return _BUILDERS[verb](fields)


def _gen(fields: Fields) -> Command:
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


def _build(fields: Fields) -> Command:
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


def _eval(fields: Fields) -> Command:
    tasks = fields.string("tasks", most=4096)
    samples = fields.string("samples", most=4096)
    arguments = [f"--samples={samples}", "--json=result.json"]
    arguments.append(f"--workers={fields.integer('workers', 0, most=1024)}")
    timeout = fields.number("timeout")
    if timeout is not None:
        arguments.append(f"--timeout={timeout}")
    return Command(verb="eval", title=tasks, arguments=(*arguments, "--", tasks))


def _setup(fields: Fields) -> Command:
    source = fields.string("source", "auto", one_of=("auto", "official", "debian"))
    return Command(verb="setup", title="Julia", arguments=(f"--source={source}", "--json"))


_BUILDERS: dict[str, Callable[[Fields], Command]] = {
    "gen": _gen,
    "build": _build,
    "eval": _eval,
    "setup": _setup,
}
