"""The shell over there, as a prompt on a terminal sees it: one that lives, and all its state with it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from rsh.client.attached import passed_environment, run_attached
from rsh.client.console import size
from rsh.client.living import LivingShell, RunningLine
from rsh.client.passthrough import Buffer, to_stdout
from rsh.client.shell import Leave
from rsh.errors import RshError, exit_status

if TYPE_CHECKING:
    from rsh.client.remote import Remote


class TerminalShell:
    """Runs lines in a living shell, in the foreground here. As shell.Shell.

    Attributes:
        directory: where the shell stands; b"" is the home.
        fresh_line: the output so far ended with a newline, so that a prompt may follow.
        above: shows what a background job prints while the prompt is shown.
    """

    def __init__(self, remote: Callable[[], Remote]) -> None:
        """Prepare; nothing is asked of the other side yet.

        Args:
            remote: gives the connection, also when the last one was lost.
        """
        self.directory = b""
        self.fresh_line = True
        self.above: Callable[[Buffer], None] = to_stdout
        self._remote = remote
        self._living: LivingShell | None = None

    @property
    def echoes(self) -> bool:
        """Whether the terminal over there shows what is typed; if not, it may be a password."""
        return self._living is None or self._living.echoes

    def begin(self) -> LivingShell:
        """Have a shell started over there if there is none; does not wait for it."""
        from rsh.protocol.requests import Shell, Terminal

        if self._living is None or not self._living.alive:
            request = Shell(Terminal(*size()), self.directory, passed_environment(terminal=True))
            channel = self._remote().session.open(request)
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
        return self._attend(RunningLine(living, os.fsencode(line)))

    def _attend(self, line: RunningLine) -> int:
        self.fresh_line = True
        try:
            status = exit_status(run_attached(line, terminal=True, stdin=0, stdout=self._write))
        except RshError:
            self._living = None
            if line.leaving:
                sys.exit(128 + signal.Signals[f"SIG{line.leaving}"])
            raise
        living = self._living
        if living is None or living.ended is not None:
            self._living = None
            raise Leave(status)
        self.directory = living.directory
        return status

    def _show_above(self, data: Buffer) -> None:
        self.above(data)  # What it is may be set only after the shell has begun.

    def _write(self, data: Buffer) -> None:
        to_stdout(data)
        self.fresh_line = bytes(data[-1:]) == b"\n"
