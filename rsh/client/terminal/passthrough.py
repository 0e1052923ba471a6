"""Joins a remote command with our own descriptors: stdin goes there, stdout and stderr come from there, bytes intact.

One thread a stream, so that none waits for another; the caller waits for the command's end.
"""

from __future__ import annotations

import os
import select
import signal
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


class Left(RshError):
    """The user left, or had to, while the command ran.

    Attributes:
        exit_status: what the program is to end with.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.exit_status = status


class Passthrough:
    """One remote command and where its streams end here. Used once."""

    def __init__(
        self,
        process: Attachable,
        *,
        stdin: int | None,
        stdout: Sink,
        stderr: Sink | None,
        feed: Callable[[int, int], bool] | None = None,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            stdin: descriptor to read input from; None sends none, not even an end.
            stdout, stderr: take the output, blocking as they like; stderr None when the command has a terminal.
            feed: brings the input instead of us, in a thread of ours: Keyboard.feed. False means that we are hung up.
        """
        self._process = process
        self._stdin = stdin
        self._bring = feed or self._feed_all
        self._sinks = [(process.read_stdout, stdout)]
        if stderr is not None:
            self._sinks.append((process.read_stderr, stderr))
        self._changed = threading.Condition()  # guards what follows
        self._pumping = len(self._sinks)  # pumps that have not ended
        self._failure: BaseException | None = None  # why it is over before its end; the first one counts
        self._stop_read, self._stop_write = os.pipe()  # closing the second wakes the thread of the input

    def run(self, deadline: Deadline) -> int:
        """Move bytes until the command has ended and all its output is written.

        Returns:
            As subprocess's returncode.

        Raises:
            OutputClosed, FileError: our stdout took no more. Left, SystemExit: `give_up`. RshError: as
            RemoteProcess.wait.
        """
        pumps = [_thread(self._pump_out, reader, sink) for reader, sink in self._sinks]
        feeder = _thread(self._feed, self._stdin) if self._stdin is not None else None
        patience: float | None = IMPATIENCE
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._failure or not self._pumping, deadline.left())
            if self._failure is None:
                status = self._process.wait(deadline)
                patience = None
        finally:
            self._finish(pumps, feeder, patience)
        if self._failure is not None:
            raise self._failure
        return status

    def give_up(self, failure: BaseException) -> None:
        """Have `run` raise this soon; any thread may say so, and nothing holds it up."""
        with self._changed:
            self._failure = self._failure or failure
            self._changed.notify_all()
        self._process.close()

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
            self.give_up(OutputClosed("output closed") if closed else FileError(error_name(error), b"write error"))
        except RshError:
            pass  # wait() raises the same
        except Exception as error:  # noqa: BLE001  # a net for bugs: the terminal must be given back
            self.give_up(error)
        finally:
            with self._changed:
                self._pumping -= 1
                self._changed.notify_all()

    def _feed(self, descriptor: int) -> None:
        try:
            if not self._bring(descriptor, self._stop_read):
                self.give_up(SystemExit(128 + signal.SIGHUP))
        except RshError:
            pass  # It ended, or takes no input any more: then nobody misses ours.
        except Exception as error:  # noqa: BLE001  # as above
            self.give_up(error)

    def _feed_all(self, descriptor: int, stop: int) -> bool:
        """Send our stdin until it ends, the command does, or the caller stops us."""
        waiting = select.poll()
        waiting.register(stop, 0)
        waiting.register(descriptor, select.POLLIN)
        while not any(ready == stop for ready, _ in waiting.poll()):
            data = _read(descriptor)
            if data == b"":
                self._process.close_stdin()
                break
            if data is not None:
                self._process.write(data)
        return True


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
