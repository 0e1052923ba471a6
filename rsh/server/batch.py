"""The batch service: a shell without a terminal, which runs lines one after the other and keeps its state between them.

It is fed and reports as a shell on a terminal does (rsh/holder/shells.py), but its outputs are pipes: each stays what
it is, byte for byte. It belongs to its channel and ends with it.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator, Mapping
from typing import Final

from rsh.errors import Code, ProtocolError, Refused, RshError, error_name
from rsh.files.stream.stream import MAX_ELEMENT, RecordReader, RecordWriter
from rsh.holder.outcome import REPORT, Outcome, read_report
from rsh.holder.shells import dialect
from rsh.protocol import shell_records
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.requests import Batch
from rsh.protocol.shell_records import BatchLine, LineEnd
from rsh.server.account import Account, Grant, command_environment
from rsh.server.process import PIPE_SIZE, Command
from rsh.server.standing import starting_directory
from rsh.session.channel import Channel

READ_SIZE: Final = 256 * 1024

# The longest line that a shell is given, in bytes; more is a file, not a line.
MAX_LINE: Final = 8 * 1024 * 1024

# The longest report, in bytes: a directory, and the statuses of a pipeline as long as a line can make it.
MAX_REPORT: Final = 256 * 1024

# Opens what the shell finds at the descriptors that a line is not to see: nothing to read, and where reports go.
START: Final = 'exec 8</dev/null 9>"$0"; exec "$@"'


def serve(
    channel: Channel, request: Batch, account: Account, grant: Grant, own: Mapping[bytes, bytes], *, everything: bool
) -> None:
    """Serve one Batch request until its shell has ended, or the client has gone.

    Raises:
        Refused: the key may not, or the shell cannot be started.
    """
    grant.require_shell()
    environment = command_environment(account, own, request.environment, everything=everything)
    directory = starting_directory(account, request.directory)
    shell = account.shell if os.access(account.shell, os.X_OK) else b"/bin/sh"
    try:
        reports, reported = os.pipe()
    except OSError as error:
        raise Refused(Code.COMMAND, error_name(error)) from error
    try:
        _Batch(channel, os.fsdecode(shell), directory, environment, reports, reported).run()
    finally:
        os.close(reports)
        os.close(reported)


class _Batch:
    """One shell and the channel that it belongs to. A thread feeds it lines; the service's own takes what it writes."""

    def __init__(
        self,
        channel: Channel,
        shell: str,
        directory: bytes,
        environment: Mapping[bytes, bytes],
        reports: int,
        reported: int,
    ) -> None:
        self._channel = channel
        self._dialect = dialect(shell)
        self._dialect.remembers = False  # A script has no history.
        self._reports = reports
        self._records = RecordWriter(channel, lane=1)  # the service's thread alone writes it
        self._written = 0  # bytes of output in all
        self._reported = bytearray()  # a report, in part
        self._last = Outcome(0, 0)  # of the last line that has ended
        os.set_blocking(reports, False)
        words = ["/bin/sh", "-c", START, f"/proc/{os.getpid()}/fd/{reported}", *self._dialect.batch]
        self._command = Command([os.fsencode(word) for word in words], directory=directory, environment=environment)
        for descriptor in (self._command.output, self._command.errors):
            os.set_blocking(descriptor, False)

    def run(self) -> None:
        """Move bytes until the shell has ended and the client knows it."""
        self._channel.accept()
        self._channel.listen(self._on_message)
        feeder = threading.Thread(target=self._feed, name="batch lines", daemon=True)
        try:
            feeder.start()
        except RuntimeError as error:  # No thread can be had now.
            self._command.end()
            self._command.wait()
            self._command.close()
            raise Refused(Code.BUSY, "the server has no room for another shell") from error
        try:
            self._pass_on()
            status, number = self._command.wait()
            self._drain()
            self._channel.end(0)
            self._records.end()
            self._channel.tell(Exit(status, number))
        except RshError:
            self._command.end()  # Nobody wants it any more.
            self._command.wait()
        finally:
            self._channel.close()
            feeder.join()
            self._command.close()

    def _on_message(self, message: Signal | Resize | Exit | None) -> None:
        if message is None:
            self._command.end()
        elif isinstance(message, Signal):
            self._command.signal(message.name)

    # --- lines ---

    def _feed(self) -> None:
        """Give the shell its lines, as they come."""
        self._write(self._dialect.functions)
        try:
            for number, line in enumerate(_lines(self._channel), 1):
                self._write(self._dialect.run(line, number, self._last))
            self._command.end_input()
        except ProtocolError as error:
            self._channel.close(Code.PROTOCOL, str(error))
            self._command.end()
        except RshError:
            self._command.end()

    def _write(self, data: bytes) -> None:
        """Write to the shell's pipe, for as long as it lives."""
        rest = memoryview(data)
        poll = select.poll()
        poll.register(self._command.input, select.POLLOUT)
        poll.register(self._command.ended, select.POLLIN)
        while rest and all(descriptor != self._command.ended for descriptor, _ in poll.poll()):
            try:
                rest = rest[os.write(self._command.input, rest) :]
            except BlockingIOError:
                continue
            except OSError:
                return  # It reads no lines any more; it is ending.

    # --- what comes of them ---

    def _pass_on(self) -> None:
        """Pass on what it writes until it has ended."""
        sources = [self._command.output, self._command.errors, self._reports]
        poll = select.poll()
        for descriptor in (*sources, self._command.ended):
            poll.register(descriptor, select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if self._reports in ready:
                self._take_reports()
            for descriptor in sources[:2]:
                if descriptor in ready and not self._take(descriptor):
                    poll.unregister(descriptor)
                    sources.remove(descriptor)
            if self._command.ended in ready:
                return

    def _take(self, descriptor: int) -> bool:
        """Pass on what can be read now; False when nothing ever will."""
        try:
            data = os.read(descriptor, READ_SIZE)
        except BlockingIOError:
            return True
        if descriptor == self._command.output:
            self._channel.write(data)
            self._written += len(data)
        else:
            for start in range(0, len(data), MAX_ELEMENT):
                self._records.content(data[start : start + MAX_ELEMENT])
            self._records.flush()
        return bool(data)

    def _drain(self) -> None:
        """Pass on what is in the pipes now: more than they can hold was written later, by a job that never stops."""
        for descriptor in (self._command.output, self._command.errors):
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            for _ in range(2 * PIPE_SIZE // 4096):
                if not poll.poll(0) or not self._take(descriptor):
                    break

    def _take_reports(self) -> None:
        """Tell of lines that have ended; all that they wrote goes first."""
        try:
            self._reported += os.read(self._reports, READ_SIZE)
        except BlockingIOError:
            return
        while found := REPORT.search(self._reported):
            try:
                outcome = read_report(found)
            except ValueError:  # A number of thousands of digits: no shell has written that.
                outcome = self._last
            del self._reported[: found.end()]
            if outcome.line <= self._last.line:
                continue
            self._drain()
            self._last = outcome
            self._records.record(LineEnd(self._written, outcome.status & 0xFF, outcome.directory))
            self._records.flush()
        del self._reported[:-MAX_REPORT]  # a program that finds the descriptor may write anything


def _lines(channel: Channel) -> Iterator[bytes]:
    """Give the lines that come in lane 1."""
    line = bytearray()
    missing = 0
    for element in RecordReader(channel, shell_records.BATCH, lane=1):
        if isinstance(element, memoryview):
            if len(element) > missing:
                raise ProtocolError("a line is longer than it said")
            line += element
            missing -= len(element)
        elif missing or not isinstance(element, BatchLine):
            raise ProtocolError(f"{type(element).__name__} in the place of a line")
        else:
            missing = element.size
            if missing > MAX_LINE:
                raise ProtocolError("a line beyond all measure")
            line.clear()
        if not missing:
            yield bytes(line)
