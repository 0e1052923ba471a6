"""What is said behind a line that has run: how it ended if badly, how long it took if long, and the bell (R10)."""

from __future__ import annotations

import signal
from typing import Final

from rsh.client.cli.settings import Settings
from rsh.client.text.units import duration
from rsh.errors import Code, FileError, Refused
from rsh.escape import printable

_SIGNALLED: Final = 128  # a status above it is a signal's number more, by the custom of shells
# A line that was stopped has not ended, and the shell says so itself.
_STOPPED: Final = tuple(
    _SIGNALLED + number for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
)
_LOST: Final = (Code.SHUTDOWN, Code.NO_SESSION, Code.IDLE)
_LONGEST: Final = 60  # characters of a line in a message


def no_shell(error: Refused) -> str:
    """Say why a prompt has no shell: it may not have one, or has lost its connection before there was one."""
    words = "the connection was lost before there was a shell" if error.code in _LOST else "no shell"
    return f"rsh: {words}: {printable(str(error))}\n"


def gone(error: Refused, directory: bytes) -> FileError:
    """Tell of a directory that a line was to run in: it must not run elsewhere, so that the next one starts at home."""
    failure = FileError(str(error), directory)
    failure.advice = "the line did not run; the next one starts in the home directory"
    return failure


def note(status: int, seconds: float, settings: Settings) -> str:
    """Give what to say of a line for a shell: `[exit 2]`, `[SIGSEGV, 7.2 s]`; "" for nothing."""
    words = []
    if status and status not in _STOPPED and settings.on("status"):
        words.append(ending(status))
    limit = settings.seconds("duration")
    if limit and seconds > limit:
        words.append(duration(seconds))
    return f"[{', '.join(words)}]" if words else ""


def ending(status: int) -> str:
    """Name an exit status: `exit 2`, `SIGSEGV`."""
    try:
        return signal.Signals(status - _SIGNALLED).name
    except ValueError:
        return f"exit {status}"


def ring(line: str, status: int, seconds: float, settings: Settings) -> str:
    """Give what makes the terminal ring for a line that took long; "" when it did not.

    A bell, and a message (OSC 9), which terminals show while their user looks elsewhere.
    """
    limit = settings.seconds("notify")
    if not limit or seconds <= limit:
        return ""
    shown = printable(line)
    shown = shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"
    message = f"\x1b]9;rsh: {shown} ({ending(status) if status else 'done'}, {duration(seconds)})\x1b\\"
    by = settings.text("notify_by")
    return (message if by != "bell" else "") + ("\a" if by != "message" else "")
