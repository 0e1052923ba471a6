"""The shell over there, as the prompt sees it: a line goes in, a status comes out, and it stands somewhere.

Each line is a command of its own, run where the one before it had ended; nothing but the directory lives on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rsh.client.attached import passed_environment, run_attached
from rsh.client.console import size
from rsh.client.passthrough import Buffer, to_stdout
from rsh.errors import Code, FileError, Refused, exit_status

if TYPE_CHECKING:
    from rsh.client.remote import Remote

# Return codes of what Ctrl-C or Ctrl-\ ended: itself or through the shell that ran it.
_KILLED_BY_KEYS: Final = (-2, -3, 130, 131)


class Shell:
    """Runs lines over there in the foreground here.

    Attributes:
        directory: where the next line runs; b"" is the home.
        fresh_line: the output so far ended with a newline, so that a prompt may follow.
    """

    def __init__(self, remote: Callable[[], Remote], *, terminal: bool) -> None:
        """Prepare; nothing is asked of the other side yet.

        Args:
            remote: gives the connection for each line, its `directory` set to ours.
            terminal: lines run on a terminal, for which ours is the wire; else their stdin is empty.
        """
        self.directory = b""
        self.fresh_line = True
        self._remote = remote
        self._terminal = terminal

    def run(self, line: str) -> int:
        """Run a line to its end and give its exit status.

        Raises:
            RshError: it could not be started, or the link went away.
        """
        from rsh.protocol.requests import Terminal

        self.fresh_line = True
        process = self._remote().start(
            line,
            env=passed_environment(terminal=self._terminal),
            terminal=Terminal(*size()) if self._terminal else None,
            directory_after=True,
            no_input=not self._terminal,
        )
        try:
            status = run_attached(
                process, terminal=self._terminal, stdin=0 if self._terminal else None, stdout=self._write
            )
        except Refused as error:
            raise self._explained(error) from error
        if process.directory:
            self.directory = process.directory.removesuffix(b"\n")
        if self._terminal and status in _KILLED_BY_KEYS and not self.fresh_line:
            to_stdout(b"\n")  # The terminal over there has echoed ^C and nothing behind it.
            self.fresh_line = True
        return exit_status(status)

    def _write(self, data: Buffer) -> None:
        to_stdout(data)
        self.fresh_line = bytes(data[-1:]) == b"\n"

    def _explained(self, error: Refused) -> Exception:
        """Tell a directory that is gone; the line must not run elsewhere, so the next one starts at home."""
        if error.code != Code.FILE:
            return error
        gone, self.directory = self.directory, b""
        failure = FileError(str(error), gone)
        failure.advice = "the line did not run; the next one starts in the home directory"
        return failure
