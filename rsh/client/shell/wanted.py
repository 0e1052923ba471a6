"""What the user wants to have run over there, as the options of `rsh exec` tell."""

from __future__ import annotations

import os

from rsh.client.cli.options import Options
from rsh.client.shell.attached import passed_environment


def asked_environment(options: Options, *, language: bool = True) -> dict[bytes, bytes]:
    """Give the variables that the command gets from us."""
    environment = passed_environment(terminal=options.terminal, language=language)
    for assignment in options.environment:
        name, _, value = os.fsencode(assignment).partition(b"=")
        environment[name] = value
    return environment
