"""Errors as one line on stderr, and at most one line of advice: `rsh: put: /srv/x: Permission denied`."""

from __future__ import annotations

import os
from typing import Final

from rsh.client.text.colors import wants_color
from rsh.errors import Code, FileError, Refused, RshError
from rsh.escape import printable

_ADVICE: Final = {
    Code.UNKNOWN_KEY: "`rsh key` here prints a line; give it to `rsh-server authorize` over there",
    Code.BUSY: "try again in a moment",
}

_FILE_ADVICE: Final = {"EEMPTIED": "'sync --delete --force' deletes all that is there"}


def describe(verb: str, error: RshError) -> str:
    """Give an error as one line: program, verb, what is wrong. Safe for a terminal."""
    parts = ["rsh"]
    if verb:
        parts.append(verb)
    parts.append(printable(str(error)))
    return ": ".join(parts)


def complain(verb: str, error: RshError, *, color: str = "never") -> None:
    """Print an error and its advice on stderr.

    Args:
        color: as of `hint`.
    """
    say(describe(verb, error) + "\n")
    if advice := error.advice or _advice(error):
        hint(advice, color=color)


def hint(words: str, *, color: str = "never") -> None:
    """Print a line of advice on stderr.

    Args:
        color: whether it may be dim, in the words of --color.
    """
    line = f"rsh: {printable(words)}"
    say(f"\x1b[2m{line}\x1b[0m\n" if wants_color(color, terminal=os.isatty(2)) else f"{line}\n")


def _advice(error: RshError) -> str:
    if isinstance(error, FileError):
        return _FILE_ADVICE.get(error.error, "")
    return _ADVICE.get(error.code, "") if isinstance(error, Refused) else ""


def say(text: str) -> None:
    """Write to stderr at once and whole; a stderr that is gone is nobody's failure."""
    data = text.encode(errors="backslashreplace")
    try:
        while data:
            data = data[os.write(2, data) :]
    except OSError:
        pass
