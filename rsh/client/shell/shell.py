"""The shell over there, as a batch sees it: a line goes in, a status comes out, and all else stays in the shell.

Lines have two outputs of their own, no terminal, and nothing to read.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from rsh.client.shell.attached import passed_environment, run_attached
from rsh.client.shell.notes import gone
from rsh.client.terminal.passthrough import Buffer, to_stdout
from rsh.errors import Code, Refused, exit_status

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.client.shell.batch_shell import BatchShell


class Leave(Exception):
    """The prompt is to end, with this exit status; None leaves the choice to the prompt.

    Attributes:
        asked: the user has asked for it; otherwise the shell over there has ended.
    """

    def __init__(self, status: int | None, *, asked: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.asked = asked


class Called(Exception):
    """Something happens in the shell over there that the prompt has to give way to: see TerminalShell.attend."""


class Shell:
    """Runs lines over there in the foreground here.

    Attributes:
        directory: where the shell stands; b"" is the home.
        fresh_line: the output so far ended with a newline, so that a prompt may follow.
        echoes: what is typed may be seen, and kept.
        id: of a shell that can be asked how a line could go on; "" for none.
        running: a line has the terminal; here none ever has.
    """

    echoes = True
    id = ""
    running = False

    def __init__(self, remote: Callable[[], Remote]) -> None:
        """Prepare; nothing is asked of the other side yet.

        Args:
            remote: gives the connection, also when the last one was lost.
        """
        self.directory = b""
        self.fresh_line = True
        self._remote = remote
        self._shell: BatchShell | None = None

    def run(self, line: str) -> int:
        """Run a line to its end and give its exit status.

        Raises:
            Leave: the shell has ended, with the status that the batch is to end with.
            RshError: it could not be started, or the link went away, and the shell with it.
        """
        self.fresh_line = True
        shell = self._begin()
        try:
            shell.start_line(os.fsencode(line))
            status = exit_status(run_attached(shell, stdin=None, stdout=self._write))
        except Refused as error:
            raise self._explained(error) from error
        if shell.ended is not None:
            raise Leave(status)
        self.directory = shell.directory
        return status

    def take_typed_ahead(self) -> bytes:
        """Give nothing: lines have no input."""
        return b""

    def _begin(self) -> BatchShell:
        """Give the shell; a new one when there is none."""
        from rsh.client.shell.batch_shell import BatchShell
        from rsh.protocol.requests import Batch

        if self._shell is None or not self._shell.alive:
            request = Batch(self.directory, passed_environment(terminal=False))
            self._shell = BatchShell(self._remote().session.open(request))
        return self._shell

    def _write(self, data: Buffer) -> None:
        to_stdout(data)
        self.fresh_line = bytes(data[-1:]) == b"\n"

    def _explained(self, error: Refused) -> Exception:
        """Tell a directory that is gone; the line must not run elsewhere, so the next one starts at home."""
        if error.code != Code.FILE:
            return error
        before, self.directory = self.directory, b""
        return gone(error, before)
