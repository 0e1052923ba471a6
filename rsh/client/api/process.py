"""A command over there, as its user here sees it: three byte streams, signals, and an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from rsh.errors import Code, CommandNotStarted, LinkError, Refused, RshError, UsageError
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.session.channel import Channel
from rsh.session.deadline import NEVER, Deadline


class RemoteProcess:
    """A running remote command; a context manager that ends it, if it still runs, at its own end.

    Reading, writing and waiting may be done by different threads, and each of them raises CommandNotStarted when the
    command could not be started. With a terminal, stderr is empty: everything comes out of stdout.

    Attributes:
        directory: where its shell stood at the end, if that was asked for; known after `wait`.
    """

    def __init__(self, channel: Channel, name: bytes, where: bytes) -> None:
        """Take over a channel that was opened with an Exec request.

        Args:
            channel: nobody else reads or writes it.
            name: of the program that was asked for.
            where: the directory that it was to run in.
        """
        self.directory: bytes | None = None
        self._channel = channel
        self._name = name
        self._where = where
        self._over = threading.Event()  # its Exit has come, or nothing will come any more
        self._exit: Exit | None = None
        channel.listen(self._on_message)

    def read_stdout(self, deadline: Deadline = NEVER) -> Buffer:
        """Wait for output; b"" at its end. Raises RshError when it could not be started or the link is gone."""
        with explaining(self._name, self._where):
            return self._channel.read(0, deadline)

    def read_stderr(self, deadline: Deadline = NEVER) -> Buffer:
        """Wait for error output; b"" at its end."""
        with explaining(self._name, self._where):
            return self._channel.read(1, deadline)

    def write(self, data: Buffer) -> None:
        """Send input, waiting while the command does not read; raises RshError once it has ended."""
        with explaining(self._name, self._where):
            self._channel.write(own_bytes(data))

    def close_stdin(self) -> None:
        """Say that no more input comes."""
        self._channel.end(0)

    def signal(self, name: str) -> None:
        """Send a signal, named without SIG ("INT")."""
        self._channel.tell(Signal(name))

    def resize(self, columns: int, rows: int) -> None:
        """Tell its terminal the new size, in cells."""
        self._channel.tell(Resize(columns, rows))

    def wait_begun(self, deadline: Deadline = NEVER) -> None:
        """Wait until the command runs; raises RshError when it could not be started or the link is gone."""
        with explaining(self._name, self._where):
            self._channel.wait_accepted(deadline)

    def wait(self, deadline: Deadline = NEVER) -> int:
        """Wait until the command has ended; read its output first, or it may wait for you.

        Returns:
            As subprocess's returncode: the status, or minus the number of the signal.

        Raises:
            RshError: it could not be started, the link is gone, or DeadlineExpired.
        """
        with explaining(self._name, self._where):
            self._channel.wait_accepted(deadline)
            if not self._over.wait(deadline.left()):
                deadline.check("waiting for the command")
            if self._exit is None:
                raise self._channel.closed_by or LinkError("the command's end was not heard of")
        return -self._exit.signal if self._exit.signal else self._exit.status

    def close(self) -> None:
        """Want nothing more of it: if it still runs, it and what it started end over there."""
        self._channel.close(discard=True)
        self._over.set()  # Whoever waits for the end hears of it, though the other side may be out of reach.

    def __enter__(self) -> RemoteProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _on_message(self, message: Signal | Resize | Exit | None) -> None:
        if isinstance(message, Exit):
            self._exit = message
            self.directory = message.directory
        if message is None or isinstance(message, Exit):
            self._over.set()


def named(words: Sequence[bytes], *, line: bool) -> bytes:
    """Give the program that is started for a command. Raises UsageError: there is none."""
    if line:
        return b"the login shell"
    if not words:
        raise UsageError("a command of no words")
    return words[0]


@contextmanager
def explaining(name: bytes, where: bytes) -> Iterator[None]:
    """Say with names what the server says by an errno name only, as it does not repeat what it was told."""
    try:
        yield
    except Refused as error:
        raise _explained(error, name, where) from error


def _explained(error: Refused, name: bytes, where: bytes) -> RshError:
    if error.code == Code.COMMAND and str(error).isupper():
        return CommandNotStarted(str(error), name)
    if error.code == Code.FILE and where:
        return CommandNotStarted(str(error), where, of_directory=True)
    return error


def own_bytes(data: Buffer) -> bytes:
    """Give bytes that nobody changes while they wait to be sent: a buffer of the caller's may be used again."""
    return data if isinstance(data, bytes) else bytes(memoryview(data))
