"""Commands of this machine, for `!cmd`: run by the user's own shell, on the user's own terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from types import FrameType
from typing import Final

from rsh.client.terminal.console import is_terminal
from rsh.client.terminal.passthrough import to_stdout
from rsh.errors import FileError, error_name, exit_status

_ENDED_BY_KEYS: Final = (130, 131)  # Ctrl-C and Ctrl-\\


def run_locally(command: str) -> int:
    """Run a line by $SHELL here; an empty one is an interactive shell. Ctrl-C is for the command, not for us.

    Returns:
        Its exit status; 128+N for a signal.
    """
    shell = os.environ.get("SHELL") or "/bin/sh"
    return run_program([shell, "-c", command] if command else [shell])


def run_program(arguments: Sequence[str], data: bytes | None = None) -> int:
    """Run a program here on our terminal; as `run_locally`.

    Args:
        data: what it reads, instead of the keyboard; as much of that as it likes.
    """
    import subprocess

    # A handler of ours, unlike SIG_IGN, is not inherited: the command has the default again.
    before = {number: signal.signal(number, _leave_it_to_the_command) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        done = subprocess.run([os.fsencode(word) for word in arguments], input=data, check=False)
    except OSError as error:
        raise FileError(error_name(error), os.fsencode(arguments[0])) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    status = exit_status(done.returncode)
    if status in _ENDED_BY_KEYS and is_terminal(1):
        to_stdout(b"\n")  # The terminal has shown ^C and nothing behind it.
    return status


def _leave_it_to_the_command(number: int, frame: FrameType | None) -> None:
    """Do nothing; the command got the signal as well."""
