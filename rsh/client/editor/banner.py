"""What a prompt says first: one line on where it leads, and the first time ever, a little more."""

from __future__ import annotations

import os
import re
import sys
import threading
from typing import TYPE_CHECKING, Final

from rsh import __version__
from rsh.client.cli.output import print_lines
from rsh.client.terminal.console import layout_size
from rsh.client.text.columns import text_width
from rsh.errors import RshError
from rsh.escape import printable
from rsh.places import ensure_dir, state_dir

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote

WELCOME: Final = (
    "What you type runs over there; !COMMAND runs here. put and get copy files.",
    "Tab completes, help tells more. This is shown once.",
)
MOST_LINES: Final = 20  # of a message of the day
_NARROW: Final = 40  # columns below which the letters would be broken up
_ATTACHING: Final = 0.1  # seconds that the banner waits for the shell's name at most: it comes well before

# Sequences of ECMA-48 and of xterm: CSI, strings up to their end, two characters and more.
_SEQUENCES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]"
)


class RoundTrip:
    """Measures one round trip in a thread of its own; nobody waits for it."""

    def __init__(self, remote: Remote) -> None:
        self.seconds: float | None = None  # None: not known yet
        self._remote = remote
        threading.Thread(target=self._measure, name="round trip", daemon=True).start()

    def _measure(self) -> None:
        try:
            self.seconds, _ = self._remote.ping()
        except RshError:
            pass  # The first line will tell.


def greet(remote: Remote, round_trip: RoundTrip, session: str = "", *, color: bool = False) -> None:
    """Print the banner: the first time ever in large letters with a hint, then a single line; and the message of
    the day.

    Args:
        session: what the living shell is called.
    """
    columns = layout_size()[0]
    line = one_line(remote, round_trip.seconds, session, columns)
    lines = [f"\x1b[31m{line}\x1b[0m" if color and is_open_to_others(remote) else line]
    if is_first_run():
        lines = [*letters(columns), *lines, *WELCOME]
    print_lines([*lines, *message_of_the_day(remote.message)])
    sys.stdout.flush()


def is_open_to_others(remote: Remote) -> bool:
    """Say whether the bytes go in the clear to we know not where: a descriptor that somebody gave us."""
    return not remote.encrypted and remote.name.startswith("fd:")


def message_of_the_day(text: str) -> list[str]:
    """Give the lines of a message of unknown origin, safe for a terminal, and not so many as to hide the banner.

    Escape sequences are left out, for such a message is often made to be coloured; other control characters are shown.
    """
    plain = _SEQUENCES.sub("", text).replace("\r\n", "\n").rstrip()
    return [printable(line.expandtabs()) for line in plain.split("\n")[:MOST_LINES]] if plain.strip() else []


def one_line(remote: Remote, round_trip: float | None, session: str = "", columns: int = 0) -> str:
    """Tell whom we are connected with, how, and how to leave; what has no room is left out, the least wanted first.

    Args:
        round_trip: seconds, if it has been measured.
        session: what the living shell is called, by which it can be come back to.
        columns: of the screen; 0: as many as it takes.
    """
    whom = f"rsh {__version__} → {printable(remote.account)}@{printable(remote.system)}"
    called = f" session {printable(session)}" if session else ""
    ends = (f"{called} · help · Ctrl-D leaves", f"{called} · help", called, "")
    hows = (_how(remote, round_trip), _how(remote, round_trip, brief=True))
    lines = [f"{whom} ({', '.join(how)}){end}" for end in ends for how in hows]
    return next((line for line in lines if not columns or text_width(line) < columns), lines[-1])


def _how(remote: Remote, round_trip: float | None, *, brief: bool = False) -> list[str]:
    """Tell in a few words what the connection is."""
    how = []
    if remote.fingerprint:
        kind = "" if brief or not remote.key_kind else f"{remote.key_kind} "
        how += [f"{kind}{remote.fingerprint[:19]}…", "TLS 1.3"]
    elif remote.name:
        how.append(printable(remote.name))
        if is_open_to_others(remote):
            how.append("not encrypted")
    else:
        how.append("this machine")
    if round_trip is not None and remote.name:
        how.append(f"{round_trip * 1000:.3g} ms")
    return how


def letters(columns: int) -> list[str]:
    """Give the name in large letters; on a narrow screen, nothing."""
    if columns < _NARROW:
        return []
    from pyfiglet import Figlet

    figure: str = Figlet(font="slant", width=columns).renderText("rsh")
    return [line.rstrip() for line in figure.splitlines() if line.strip()]


def is_first_run() -> bool:
    """Say whether no prompt was shown before, and remember that one is now. Where that cannot be kept: no."""
    try:
        mark = os.path.join(ensure_dir(state_dir()), "greeted")
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except (OSError, RshError):
        return False
    return True
