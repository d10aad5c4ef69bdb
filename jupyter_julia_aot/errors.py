"""Every exception the package raises on purpose.

::

    JuliaAotError
    ├── SettingError            an option, setting, name or magic argument is wrong
    ├── ToolchainError
    │   ├── NoJuliaError        no usable Julia on this machine
    │   ├── CapabilityError     the chosen Julia cannot do what was asked
    │   ├── InstallError        installing a Julia failed; nothing half-made is left
    │   └── DeviceError         a device or the package that drives it cannot be used
    ├── ModelError
    │   ├── NoServerError       no model server answers
    │   ├── ServerError         the server answered with an error, HTML, or broke off
    │   ├── ModelTimeoutError   the server did not answer in time
    │   └── ContextOverflowError  the prompt does not fit the model's context
    ├── TrialError              a fault of the harness, never a verdict
    │   ├── SandboxError        no sandbox is available, or it would not start
    │   ├── OracleError         the oracle does not parse, or tests nothing
    │   └── WorkerError         a worker process could not start or broke the protocol
    ├── NoCandidateError        a generation ended without a proven candidate
    ├── JuliaError              Julia code the user runs raised an exception
    ├── BuildError              a build stage failed; carries its diagnostics
    ├── BenchError              a file of tasks, samples or results is wrong; names the place
    ├── HistoryError            the history cannot be read or written
    └── Cancelled               the user stopped it

Every message says what is wrong and where it came from; ``remedy``, when set, says what to do
and is part of ``str(error)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_julia_aot.records import Diagnostic


class JuliaAotError(Exception):
    """Base of all deliberate errors. ``message`` is one sentence, ``remedy`` what to do."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n→ {self.remedy}" if self.remedy else self.message


class SettingError(JuliaAotError, ValueError):
    """A setting, option, name or magic argument is wrong; the message names its origin."""


class ToolchainError(JuliaAotError):
    """Something about the Julia installation."""


class NoJuliaError(ToolchainError):
    """No usable Julia was found."""


class CapabilityError(ToolchainError):
    """The Julia in use cannot do what was asked; the message gives the reason."""


class InstallError(ToolchainError):
    """Installing a Julia failed. The installation prefix is as it was before."""


class DeviceError(ToolchainError):
    """A device, or the Julia package that drives it, cannot be used; the message gives the reason."""


class ModelError(JuliaAotError):
    """Something about the language model or its server."""


class NoServerError(ModelError):
    """No model server answers."""


class ServerError(ModelError):
    """The server answered with an error or something that is no answer."""


class ModelTimeoutError(ModelError):
    """The server did not answer in time."""


class ContextOverflowError(ModelError):
    """The prompt is longer than the model's context.

    ``prompt_tokens`` and ``context_tokens`` are token counts, or ``None`` when unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        prompt_tokens: int | None = None,
        context_tokens: int | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens


class TrialError(JuliaAotError):
    """The harness failed. A candidate's own failure is a verdict, not this."""


class SandboxError(TrialError):
    """No sandbox is available on this machine, or it refused to start."""


class OracleError(TrialError, ValueError):
    """The oracle does not parse, or contains no check."""


class WorkerError(TrialError):
    """A Julia worker process could not be started or stopped answering."""


class NoCandidateError(JuliaAotError):
    """A generation ran to its end and no candidate passed; all of them are in the history."""


class JuliaError(JuliaAotError, RuntimeError):
    """An exception raised by Julia code.

    ``julia_type`` is the Julia type's name (``"DomainError"``), ``line`` the 1-based line in
    the cell or file the code came from, ``backtrace`` the frames of user code, innermost first.
    """

    def __init__(
        self,
        message: str,
        *,
        julia_type: str = "ErrorException",
        line: int | None = None,
        backtrace: tuple[str, ...] = (),
        remedy: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.julia_type = julia_type
        self.line = line
        self.backtrace = backtrace

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line is not None else ""
        said = self.message.removeprefix(f"{self.julia_type}: ")
        text = f"{self.julia_type}{where}: {said}" if said else f"{self.julia_type}{where}"
        return f"{text}\n→ {self.remedy}" if self.remedy else text


class BuildError(JuliaAotError):
    """A build stage failed. ``stage`` is its name; ``diagnostics`` point at the user's lines.

    ``diff`` is what ``--fix`` had rewritten by then (a unified diff), else empty.
    """

    def __init__(
        self,
        message: str,
        *,
        stage: str,
        diagnostics: tuple[Diagnostic, ...] = (),
        log: str = "",
        remedy: str = "",
        diff: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.stage = stage
        self.diagnostics = diagnostics
        self.log = log
        self.diff = diff


class BenchError(JuliaAotError, ValueError):
    """A file of tasks, samples or results is wrong; the message names the file and the place."""


class HistoryError(JuliaAotError):
    """The history database cannot be read or written."""


class Cancelled(JuliaAotError):  # noqa: N818 - a stop asked for by the user is not an error
    """The user stopped the work. What had been computed is kept in the history."""
