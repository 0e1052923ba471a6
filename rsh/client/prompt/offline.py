"""What the prompt does with lines while the link is away (R38): it refuses them, or has them wait."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from rsh.client.editor.lines import Ours, Remote, read_line
from rsh.client.prompt.prompt_context import PromptContext
from rsh.client.shell.shell import Leave
from rsh.client.terminal.asking import ask_key
from rsh.client.text.complaints import say
from rsh.client.text.units import duration
from rsh.errors import LinkError, UsageError
from rsh.session.session import Session

REFUSED: Final = LinkError.exit_status

# Groups of our commands that need the other side.
_THERE: Final = ("files", "machine", "running")

# Lines that wait; more are refused: nobody remembers them.
MOST: Final = 100


class Offline:
    """Decides about lines while there is no connection.

    Attributes:
        away: says whether there is none.
    """

    def __init__(self, context: PromptContext, away: Callable[[], bool], keep: Callable[[str], None]) -> None:
        """Prepare.

        Args:
            keep: has a line that was refused in the next prompt.
        """
        self.away = away
        self._context = context
        self._keep = keep
        self._waiting: deque[str] = deque()

    def holds(self, text: str) -> bool:
        """Keep a line from running now; False when it may: it needs no connection, or there is one."""
        if not self.away() or not needs_link(text):
            return False
        if self._context.settings.text("offline") == "queue" and len(self._waiting) < MOST:
            self._waiting.append(text)
            say(f"rsh: no connection; {len(self._waiting)} to run when it is back\n")
            return True
        say("rsh: no connection: not run; `:set offline queue` has lines wait\n")
        self._context.status = REFUSED
        self._keep(text)
        return True

    @property
    def waits(self) -> bool:
        """Whether lines wait."""
        return bool(self._waiting)

    def ready(self) -> Iterator[str]:
        """Give the lines that have waited, as long as there is a connection."""
        while self._waiting and not self.away():
            yield self._waiting.popleft()

    def ask(self) -> None:
        """Ask what to do, after a Ctrl-C between two attempts. Raises Leave."""
        remote = self._context.connected
        if remote is None:
            return
        lost_at = remote.session.condition.since
        answer = _ask(remote.session)
        if answer == "r":
            remote.session.retry_now()
        elif answer == "q":
            remote.session.give_up()
            raise Leave(REFUSED)
        elif answer == "d":
            self._context.detach()
            raise Leave(0)
        elif remote.session.condition.connected:
            say(f"rsh: connected again after {duration(time.monotonic() - lost_at)}\n")
            self._context.missed = 0.0  # It is told.


def needs_link(text: str) -> bool:
    """Say whether a line needs the other side."""
    try:
        line = read_line(text)
    except UsageError:
        return False
    return isinstance(line, Remote) or (isinstance(line, Ours) and line.command.group in _THERE)


def _ask(session: Session) -> str:
    """Ask what to do, until there is a connection again, or never will be."""
    over, tell = socket.socketpair()
    with over, tell:
        stop = session.watch(lambda condition: _end_question(session, tell))
        try:
            if not session.condition.connected:
                return ask_key("[q]uit, [d]etach, [r]etry now, or go [o]n?", "qdro", default="o", until=over.fileno())
        finally:
            stop()
    return "o"


def _end_question(session: Session, tell: socket.socket) -> None:
    if session.condition.connected or session.error is not None:
        with suppress(OSError):  # It was just answered.
            tell.send(b".")
