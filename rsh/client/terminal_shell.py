"""The shell over there, as a prompt on a terminal sees it: one that lives, and all its state with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from rsh.client.attached import passed_environment, run_attached
from rsh.client.complaints import say
from rsh.client.console import is_terminal, size
from rsh.client.living import LivingShell, RunningLine
from rsh.client.modes import Modes
from rsh.client.passthrough import Buffer, Left, to_stdout
from rsh.client.shell import Leave
from rsh.client.wishes import Wishes
from rsh.errors import RshError, exit_status

if TYPE_CHECKING:
    from rsh.client.remote import Remote


class TerminalShell:
    """Runs lines in a living shell, in the foreground here. As shell.Shell.

    Attributes:
        directory: where the shell stands; b"" is the home.
        fresh_line: the output so far ended with a newline, so that a prompt may follow.
        above: shows what a background job prints while the prompt is shown.
        wishes: how programs have the terminal.
    """

    def __init__(self, remote: Callable[[], Remote], wishes: Wishes) -> None:
        """Prepare; nothing is asked of the other side yet.

        Args:
            remote: gives the connection, also when the last one was lost.
            wishes: how programs have the terminal; the rest of it is filled in here.
        """
        self.directory = b""
        self.fresh_line = True
        self.above: Callable[[Buffer], None] = to_stdout
        self._modes = Modes()  # what lines, and jobs behind them, have switched on here
        self.wishes = wishes
        wishes.modes, wishes.looks = self._modes, False
        self._remote = remote
        self._living: LivingShell | None = None

    @property
    def echoes(self) -> bool:
        """Whether the terminal over there shows what is typed; if not, it may be a password."""
        return self._living is None or self._living.echoes

    @property
    def id(self) -> str:
        """What the shell is known by over there; "" while there is none."""
        return self._living.id if self._living is not None else ""

    def begin(self) -> LivingShell:
        """Have a shell started over there if there is none; does not wait for it."""
        from rsh.protocol.requests import Shell, Terminal

        if self._living is None or not self._living.alive:
            environment = passed_environment(terminal=True, language=self.wishes.transcoder is None)
            session = self.wishes.session = self._remote().session
            channel = session.open(Shell(Terminal(*size()), self.directory, environment))
            self._living = LivingShell(channel, self._show_above)
        return self._living

    def settle(self) -> None:
        """See the shell's own beginning: what its rc files print, and ask, is for the user.

        Raises:
            RshError: there can be no shell.
        """
        living = self.begin()
        if not living.settled:
            self._attend(RunningLine(living))

    def run(self, line: str) -> int:
        """Run a line to its end and give its exit status.

        Raises:
            Leave: the shell has ended, with the status that the prompt is to end with.
            RshError: the link went away, and the shell with it.
        """
        self.settle()
        living = self.begin()
        transcoder = self.wishes.transcoder
        return self._attend(RunningLine(living, transcoder.line(line) if transcoder else os.fsencode(line)))

    def give_back(self) -> None:
        """Put back at our terminal what is left of all that lines have switched on: the prompt is over."""
        if is_terminal(1) and (back := self._modes.undo()):
            to_stdout(back)

    def _attend(self, line: RunningLine) -> int:
        self.fresh_line = True
        try:
            status = exit_status(run_attached(line, terminal=True, stdout=self._write, wishes=self.wishes))
        except Left as left:
            say(f"rsh: {left}\n")
            raise Leave(left.exit_status) from left
        except RshError:
            self._living = None
            raise
        living = self._living
        if living is None or living.ended is not None:
            self._living = None
            raise Leave(status)
        self.directory = living.directory
        return status

    def _show_above(self, data: Buffer) -> None:
        """Show a background job's output, and leave the terminal as the prompt needs it."""
        if self.wishes.transcoder is not None:
            data = self.wishes.transcoder.to_screen(data)
        self._modes.feed(data)
        self.above(bytes(data) + self._modes.undo(looks=False))  # What it is may be set only after the shell has begun.

    def _write(self, data: Buffer) -> None:
        to_stdout(data)
        self.fresh_line = bytes(data[-1:]) == b"\n"
