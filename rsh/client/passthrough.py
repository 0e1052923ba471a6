"""Joins a remote command with our own descriptors: stdin goes there, stdout and stderr come from there, bytes intact.

One thread a stream, so that none waits for another; the caller waits for the command's end.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from rsh.errors import FileError, RshError, error_name

if TYPE_CHECKING:
    from rsh.session.deadline import Deadline

Buffer: TypeAlias = bytes | bytearray | memoryview
Sink: TypeAlias = Callable[[Buffer], None]

# A pipe holds no more (pipe(7)); more per read() would only cost memory.
READ_SIZE: Final = 65536

# Seconds for threads that may hang on our own descriptors, once the command is given up.
IMPATIENCE: Final = 1.0


class Attachable(Protocol):
    """What can be joined with our streams: RemoteProcess, or a line of a living shell."""

    def read_stdout(self) -> Buffer:
        """Wait for output; b"" at its end."""

    def read_stderr(self) -> Buffer:
        """Wait for error output; b"" at its end."""

    def write(self, data: Buffer) -> None:
        """Send input."""

    def close_stdin(self) -> None:
        """Say that no more input comes."""

    def signal(self, name: str) -> None:
        """Send a signal, named without SIG."""

    def resize(self, columns: int, rows: int) -> None:
        """Tell its terminal the size."""

    def wait(self, deadline: Deadline) -> int:
        """Wait for its end; give the returncode."""

    def close(self) -> None:
        """Want nothing more of it."""


class OutputClosed(RshError):
    """Whoever read our stdout is gone; the command was ended. The program should die of SIGPIPE."""

    exit_status = 141


class Passthrough:
    """One remote command and where its streams end here. Used once."""

    def __init__(self, process: Attachable, *, stdin: int | None, stdout: Sink, stderr: Sink | None) -> None:
        """Prepare; nothing runs yet.

        Args:
            stdin: descriptor to read input from; None sends none, not even an end.
            stdout, stderr: take the output, blocking as they like; stderr None when the command has a terminal.
        """
        self._process = process
        self._stdin = stdin
        self._sinks = [(process.read_stdout, stdout)]
        if stderr is not None:
            self._sinks.append((process.read_stderr, stderr))
        self._failure: RshError | None = None  # of our own stdout; first one counts
        self._stop_read, self._stop_write = os.pipe()  # closing the second wakes the stdin thread

    def run(self, deadline: Deadline) -> int:
        """Move bytes until the command has ended and all its output is written.

        Returns:
            As subprocess's returncode.

        Raises:
            OutputClosed, FileError: our stdout took no more. RshError: as RemoteProcess.wait.
        """
        pumps = [_thread(self._pump_out, reader, sink) for reader, sink in self._sinks]
        feeder = _thread(self._feed, self._stdin) if self._stdin is not None else None
        patience: float | None = IMPATIENCE
        try:
            for thread in pumps:
                thread.join(deadline.left())
            if self._failure is None:
                status = self._process.wait(deadline)
                patience = None
        finally:
            self._finish(pumps, feeder, patience)
        if self._failure is not None:
            raise self._failure
        return status

    def _finish(self, pumps: list[threading.Thread], feeder: threading.Thread | None, patience: float | None) -> None:
        """See all output written; without patience only what whoever takes it takes at once."""
        if patience is not None:
            self._process.close()
        for thread in pumps:
            thread.join(patience)
        self._process.close()
        os.close(self._stop_write)
        if feeder is not None:
            feeder.join(IMPATIENCE)
        if feeder is None or not feeder.is_alive():
            os.close(self._stop_read)

    def _pump_out(self, read: Callable[[], Buffer], sink: Sink) -> None:
        try:
            while piece := read():
                sink(piece)
        except OSError as error:
            closed = isinstance(error, BrokenPipeError)
            self._give_up(OutputClosed("output closed") if closed else FileError(error_name(error), b"write error"))
        except RshError:
            pass  # wait() raises the same

    def _give_up(self, failure: RshError) -> None:
        self._failure = self._failure or failure
        self._process.close()

    def _feed(self, descriptor: int) -> None:
        """Send our stdin until it ends, the command does, or the caller stops us."""
        waiting = select.poll()
        waiting.register(self._stop_read, 0)
        try:
            waiting.register(descriptor, select.POLLIN)
            while not any(ready == self._stop_read for ready, _ in waiting.poll()):
                data = _read(descriptor)
                if data == b"":
                    self._process.close_stdin()
                    return
                if data is not None:
                    self._process.write(data)
        except RshError:
            pass  # It ended, or takes no input any more: then nobody misses ours.


def _read(descriptor: int) -> bytes | None:
    """Read what there is, None when that is nothing yet; b"" at the end, which an unreadable descriptor has reached."""
    try:
        return os.read(descriptor, READ_SIZE)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def to_descriptor(descriptor: int, data: Buffer) -> None:
    """Write all of it, also to a descriptor that somebody has made non-blocking. Raises OSError."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            waiting = select.poll()
            waiting.register(descriptor, select.POLLOUT)
            waiting.poll()


def to_stdout(data: Buffer) -> None:
    """Write to stdout at once."""
    to_descriptor(1, data)


def to_stderr(data: Buffer) -> None:
    """Write to stderr at once; when nobody reads it, the rest is dropped and the command goes on."""
    try:
        to_descriptor(2, data)
    except OSError:
        pass


def _thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name=f"exec {target.__name__}", daemon=True)
    thread.start()
    return thread
