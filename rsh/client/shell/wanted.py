"""What the user wants to have run over there, as the options of `rsh exec` tell, and why it could not be."""

from __future__ import annotations

import os
from typing import Final

from rsh.client.cli.options import Options
from rsh.client.shell.attached import passed_environment
from rsh.errors import Code, Refused, RshError, explain

# What a shell answers for a command that is not there, and for one that is but cannot be run (POSIX, 2.8.2).
NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126


class NotStarted(RshError):
    """The command could not be started over there."""

    def __init__(self, name: str, error: str) -> None:
        super().__init__(f"{name}: {'command not found' if error == 'ENOENT' else explain(error)}")
        self.exit_status = NOT_FOUND if error == "ENOENT" else NOT_EXECUTABLE


def asked_environment(options: Options, *, language: bool = True) -> dict[bytes, bytes]:
    """Give the variables that the command gets from us."""
    environment = passed_environment(terminal=options.terminal, language=language)
    for assignment in options.environment:
        name, _, value = os.fsencode(assignment).partition(b"=")
        environment[name] = value
    return environment


def explained(error: Refused, options: Options) -> RshError:
    """Put into words what the server says by an errno name."""
    if error.code == Code.COMMAND and str(error).isupper():
        return NotStarted((options.command or ["the login shell"])[0], str(error))
    if error.code == Code.FILE and options.directory:
        return RshError(f"{options.directory}: {explain(str(error))}")
    return error
