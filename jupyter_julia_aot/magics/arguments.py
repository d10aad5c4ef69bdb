"""Reading the line of a magic, the way a command line is read."""

from __future__ import annotations

import argparse
import difflib
import shlex
from collections.abc import Sequence
from typing import Any, NoReturn

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.settings import settings


class HelpShown(Exception):  # noqa: N818 - no error: the user asked for help and has it
    """``-h`` was given; the magic has nothing more to do."""


class MagicParser(argparse.ArgumentParser):
    """An argument parser that never ends the kernel and blames the magic by name."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False, exit_on_error=False)
        self.shared: dict[str, str] = {}
        """Options that override a setting: ``{destination: setting}``."""

    def setting(self, *flags: str, setting: str, help_text: str = "", **kwargs: Any) -> None:
        """An option whose default is a setting, and which must be a value that it allows."""
        trait = settings().traits()[setting]
        self.shared[setting] = flags[-1]
        self.add_argument(*flags, dest=setting, default=None, help=help_text or str(trait.help), **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raise :class:`SettingError`; the remedy names the option that was meant, or the way to help."""
        wrong = message.removeprefix("unrecognized arguments: ").split()[0]
        close = difflib.get_close_matches(wrong, self.flags(), n=1)
        words = [str(a.metavar) for a in self._actions if not a.option_strings]
        usage = " ".join([self.prog, *words, "[options]"])
        meant = f"did you mean {close[0]}?" if close else f"usage: {usage}"
        raise SettingError(f"{self.prog}: {message}", remedy=f"{meant} ({self.prog} -h explains the options)")

    def print_help(self, file: Any = None) -> None:
        """Print the help, with where each default comes from."""
        current = settings()
        print(self.format_help().rstrip())  # noqa: T201 - what the user asked to see
        if self.shared:
            print("\ndefaults:")  # noqa: T201
        for name, flag in self.shared.items():
            value = getattr(current, name)
            shown = "unset" if value in (None, "") else value
            print(f"  {flag} {shown} ({current.origin(name)})")  # noqa: T201

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Called after help only; other ends go through :meth:`error`."""
        raise HelpShown

    def read(self, line: str) -> argparse.Namespace:
        """Parse the magic's line. Raises :class:`SettingError` or :class:`HelpShown`."""
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise SettingError(f"{self.prog}: {error}: {line!r}", remedy="close the quotation") from error
        return self.read_words(words)

    def read_words(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse words; options that are settings are checked against them."""
        try:
            args = self.parse_args(words)
        except argparse.ArgumentError as error:
            self.error(str(error))
        self._check_settings(args)
        return args

    def _check_settings(self, args: argparse.Namespace) -> None:
        from jupyter_julia_aot.pipeline.options import check_setting

        for name, flag in self.shared.items():
            given = getattr(args, name)
            if given is None:
                continue
            try:
                check_setting(name, given)
            except SettingError as error:
                raise SettingError(
                    f"{self.prog}: {flag} {given}: {error.message.split(': ', 1)[-1]}", remedy=error.remedy
                ) from error

    def flags(self) -> list[str]:
        """Every option string, for completion."""
        return [flag for action in self._actions for flag in action.option_strings]

    def choices_of(self, flag: str) -> list[str]:
        """The values ``flag`` allows, for completion; empty when any will do."""
        action = next((a for a in self._actions if flag in a.option_strings), None)
        return [str(c) for c in action.choices] if action is not None and action.choices else []
