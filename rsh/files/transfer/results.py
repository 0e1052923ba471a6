"""What the receiver says while a sender sends: read by a thread of its own, and believed only as far as it can be."""

from __future__ import annotations

import threading
from typing import Any

import msgspec

from rsh.errors import ProtocolError, RshError, file_error
from rsh.files.disk.digest import BLOCK, SIZE
from rsh.files.stream.stream import Pipe, RecordReader
from rsh.files.transfer.report import Abandoned, Progress, Report
from rsh.files.transfer.runs import Runs
from rsh.protocol import transfer_records
from rsh.protocol.transfer_records import Done, Held, Result, ResultRecord, Stop, Summary, Unlinked, Would


class Results:
    """Reads results until the receiver ends them. The sender's thread calls the methods and sets the counts.

    Attributes:
        sent: items sent so far; the sender adds to it before it writes the item.
        ended: the sender has sent all; it sets it before it writes End.
        stopped: the receiver wants no more.
        unlinked: items, links, that have to come as files; complete after settle().
        error: what ended the reading before its time. The pipe was closed then, so that the sender wakes.
    """

    decoder: msgspec.msgpack.Decoder[Any] = transfer_records.RESULTS

    def __init__(self, pipe: Pipe, progress: Progress) -> None:
        self.sent = 0
        self.ended = False
        self.stopped = False
        self.unlinked = Runs()
        self.error: RshError | Abandoned | None = None
        self._pipe = pipe
        self._progress = progress
        self._report = Report()  # failures at the receiver, then its summary
        self._failed = 0  # results seen
        self._latest = -1  # the highest item that failed
        self._changed = threading.Condition()  # protects what settle() looks at
        self._done = 0  # items dealt with
        self._over = False  # nothing more is read
        self._summary: Summary | None = None
        # Number of the large file sent last, digests of its first blocks that the receiver has, how many may come.
        # Replaced by the sender, filled by the reader.
        self._held = (-1, bytearray(), 0)
        # Ends when the receiver ends its half or when the pipe is closed; joined by join().
        self._thread = threading.Thread(target=self._run, name="rsh-results", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def announce(self, size: int) -> None:
        """Count an item that is a large file of `size` bytes, parts of which the receiver may have already."""
        self._held = (self.sent, bytearray(), size // BLOCK * SIZE)
        self.sent += 1

    def held(self, block: int) -> bytes:
        """Give the digest of a block that the receiver has of the file announced last; b"" if it said nothing of it."""
        return bytes(self._held[1][block * SIZE : (block + 1) * SIZE])

    def refuses_latest(self) -> bool:
        """Tell whether the item sent last has failed already: its content need not be sent."""
        return self.stopped or self._latest >= self.sent - 1

    def settle(self) -> None:
        """Wait until the receiver has dealt with all that was sent, or will say nothing more."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self.stopped or self._done >= self.sent)

    def join(self) -> Results:
        """Wait until the receiver has said all."""
        self._thread.join()
        return self

    def complete(self, report: Report) -> Report:
        """Add what the receiver said to the sender's report, or raise what went wrong. Only after join()."""
        if self.error:
            raise self.error
        report.merge_failures(self._report)
        if self._summary:
            report.files, report.bytes = self._summary.files, self._summary.bytes
        return report

    def _run(self) -> None:
        try:
            for record in RecordReader(self._pipe, self.decoder):
                if isinstance(record, memoryview):
                    raise ProtocolError("content among results")
                if self._summary:
                    raise ProtocolError("result after the summary")
                self._take(record)
            if not self._summary:
                raise ProtocolError("the receiver ended without a summary")
        except (RshError, Abandoned) as error:
            self.error = error
            self._pipe.close()
        except BaseException as error:  # raised by a Progress: what it was shall not be lost, nor the sender hang
            self.error = RshError(f"the transfer was stopped: {error!r}")
            self._pipe.close()
            raise
        finally:
            with self._changed:
                self._over = True
                self._changed.notify()

    def _take(self, record: ResultRecord) -> None:
        if isinstance(record, Result):
            self._take_result(record)
        elif isinstance(record, Done):
            if record.count > self.sent:
                raise ProtocolError("done with more than was sent")
            with self._changed:
                self._done = record.count
                self._changed.notify()
            self._progress.completed(record.count)
            self._progress.arrived(record.bytes)
        elif isinstance(record, Unlinked):
            if record.index >= self.sent:
                raise ProtocolError("an answer to what was not sent")
            self.unlinked.add(record.index)
        elif isinstance(record, Held):
            self._take_held(record)
        elif isinstance(record, Stop):
            if self.stopped:
                raise ProtocolError("stopped twice")
            with self._changed:
                self.stopped = True
                self._changed.notify()
            self._fail(record)
        elif isinstance(record, Would):
            self._progress.planned(record.action, record.path, record.size)
        else:
            self._take_summary(record)

    def _take_result(self, record: Result) -> None:
        if record.index >= self.sent or self._failed > 2 * self.sent:
            raise ProtocolError("result for what was not sent")
        self._failed += 1
        self._latest = max(self._latest, record.index)
        self._fail(record)

    def _take_held(self, record: Held) -> None:
        if record.index >= self.sent or len(record.digests) % SIZE:
            raise ProtocolError("blocks of what was not sent")
        index, digests, room = self._held
        if record.index != index:
            return  # we are further
        if len(digests) + len(record.digests) > room:
            raise ProtocolError("more blocks than the file has")
        digests += record.digests

    def _take_summary(self, record: Summary) -> None:
        if not self.ended and not self.stopped:
            raise ProtocolError("summary before the end")
        if record.files > self.sent:
            raise ProtocolError("summary of more than was sent")
        self._summary = record

    def _fail(self, record: Result | Stop) -> None:
        failure = file_error(record.error, record.path)
        self._report.add_failure(failure)
        self._progress.failed(failure)
