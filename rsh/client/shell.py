"""The shell over there, as a batch sees it: a line goes in, a status comes out, and it stands somewhere.

Each line is a command of its own with outputs of their own and no terminal, run where the one before it had ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rsh.client.attached import passed_environment, run_attached
from rsh.client.passthrough import Buffer, to_stdout
from rsh.errors import Code, FileError, Refused, exit_status

if TYPE_CHECKING:
    from rsh.client.remote import Remote


class Leave(Exception):
    """The prompt is to end, with this exit status; None leaves the choice to the prompt.

    Attributes:
        asked: the user has asked for it; otherwise the shell over there has ended.
    """

    def __init__(self, status: int | None, *, asked: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.asked = asked


class Shell:
    """Runs lines over there in the foreground here.

    Attributes:
        directory: where the next line runs; b"" is the home.
        fresh_line: the output so far ended with a newline, so that a prompt may follow.
        echoes: what is typed may be seen, and kept.
    """

    echoes = True

    def __init__(self, remote: Callable[[], Remote]) -> None:
        """Prepare; nothing is asked of the other side yet.

        Args:
            remote: gives the connection for each line, its `directory` set to ours.
        """
        self.directory = b""
        self.fresh_line = True
        self._remote = remote

    def run(self, line: str) -> int:
        """Run a line to its end and give its exit status.

        Raises:
            RshError: it could not be started, or the link went away.
        """
        self.fresh_line = True
        environment = passed_environment(terminal=False)
        process = self._remote().start(line, env=environment, directory_after=True, no_input=True)
        try:
            status = run_attached(process, stdin=None, stdout=self._write)
        except Refused as error:
            raise self._explained(error) from error
        if process.directory:
            self.directory = process.directory.removesuffix(b"\n")
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
