"""The receiving half of a transfer: checks everything and puts files in place, for put and get alike.

The sender is taken for hostile. Names are checked component by component, everything is opened relative to a directory
that we hold, without following symlinks, and nothing gets its final name before its digest was compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final

import msgspec

from rsh.errors import FileError, ProtocolError
from rsh.files.disk.durability import Durability
from rsh.files.disk.filter import Filter, Rules, make_filter
from rsh.files.disk.names import Asked
from rsh.files.stream.stream import Pipe, RecordReader, RecordWriter
from rsh.files.transfer.arrivals import ItemReceiver
from rsh.files.transfer.conflicts import Conflicts
from rsh.files.transfer.landing import Landing
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.target import open_target
from rsh.protocol import transfer_records
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.sync_records import Patch, Touch
from rsh.protocol.transfer_records import (
    Attributes,
    Begin,
    Directory,
    File,
    Leave,
    Link,
    Packed,
    Root,
    Settle,
    Stop,
    Summary,
    Symlink,
    TransferRecord,
)


def receive(
    pipe: Pipe,
    target: bytes,
    *,
    directory: bytes = b"",
    durability: str = "auto",
    asked: Asked | None = None,
    progress: Progress | None = None,
    conflicts: Conflicts | None = None,
    archive: bool = False,
    forsaken: Callable[[], bool] | None = None,
    rules: Rules = (),
) -> Report:
    """Receive what a sender sends and put it in place, by the rules of cp(1).

    What fails is reported to both ends and the rest goes on. A target that will not do as a whole is a failure in the
    report, and the sender is told to stop.

    Args:
        target: as the user named it.
        directory: where a relative target starts; b"" is the process's.
        durability: "auto", "none" or "file" (rsh.files.disk.durability).
        asked: which sources may come; None when the sender decides that.
        conflicts: what happens to files that are there already; by default they are replaced.
        archive: take owners and extended attributes, which are a violation otherwise.
        forsaken: tells whether the sender is gone for now; then the next transfer may go on with what we have.
        rules: what the sender was told to leave out (rsh.files.disk.filter).

    Raises:
        UsageError: unknown durability.
        ProtocolError: the sender broke the rules.
        RshError: the pipe failed. After that the caller closes the pipe. A large part
            is left for the next try to go on with.
    """
    policy, only = Durability(durability), make_filter(rules)
    receiver = Receiver(pipe, policy, asked, progress or Progress(), conflicts, archive, forsaken, only)
    return receiver.run(target, directory)


class Receiver(ItemReceiver):
    """One transfer; run() does it."""

    decoder: msgspec.msgpack.Decoder[Any] = transfer_records.TRANSFER
    handlers: ClassVar[dict[type, Callable[[Any, Any], None]]]  # for what comes between files

    def __init__(
        self,
        pipe: Pipe,
        durability: Durability,
        asked: Asked | None,
        progress: Progress,
        conflicts: Conflicts | None,
        archive: bool = False,
        forsaken: Callable[[], bool] | None = None,
        only: Filter | None = None,
    ) -> None:
        super().__init__(RecordWriter(pipe), durability, asked, progress, archive, forsaken, only)
        self._conflicts = conflicts
        self._in = RecordReader(pipe, self.decoder)
        self._one_file = b""  # name of the file that is all there is to a sync
        self._ended = False

    def run(self, target: bytes, directory: bytes) -> Report:
        """Receive all; as receive()."""
        elements = iter(self._in)
        try:
            self._open(elements, target, directory)
        except FileError as error:
            return self._stop(elements, error)
        try:
            for element in elements:
                if self._ended:
                    raise ProtocolError("something after the end")
                self._take(element)
            if not self._ended:
                raise ProtocolError("the stream ended before its end")
            return self._ledger.report
        except ProtocolError:
            self._drop()  # what such a peer sent is nothing to go on from
            raise
        finally:
            self._close()

    def _open(self, elements: Iterator[TransferRecord | memoryview], target: bytes, directory: bytes) -> None:
        begin = next(elements, None)
        if not isinstance(begin, Begin):
            raise ProtocolError("a transfer starts with Begin")
        self._ledger.begin(begin.sources)
        self._single = begin.sources == 1
        self._one_file = begin.file
        self._landing = Landing(open_target(target, begin.sources, directory=directory), self._conflicts)

    def _stop(self, elements: Iterator[TransferRecord | memoryview], error: FileError) -> Report:
        """Refuse the transfer, and drain what is under way so that the sender can hear of it."""
        self._ledger.note(error)
        self._out.record(Stop(error.path, error.error))
        self._out.flush()
        for _ in elements:
            pass
        self._out.record(Summary(0, 0))
        self._out.end()
        return self._ledger.report

    def _drop(self) -> None:
        if self._file:
            self._file.drop()

    def _close(self) -> None:
        if self._file:
            self._file.drop(leave=True)
        self._landing.close()

    # --- elements ---

    def _take(self, element: TransferRecord | memoryview) -> None:
        if self._file:
            self._take_within_file(self._file, element)
            return
        handler = self.handlers.get(type(element))
        if handler is None or (self._attributes and not isinstance(element, _WITH_ATTRIBUTES)):
            raise ProtocolError(f"{type(element).__name__} out of place")
        handler(self, element)

    def _failure(self, record: Failure) -> None:
        self._ledger.failed_there(record.error, record.path, top=not self._landing.depth)

    def _settle(self, _: Settle) -> None:
        self._ledger.settle()

    def _end(self, _: End) -> None:
        if self._landing.depth:
            raise ProtocolError("End within a directory")
        self._ended = True
        self._landing.sweep()
        report = self._ledger.report
        try:
            if report.files:
                self._durability.finish(self._landing.top, single=self._single)
        except OSError as error:
            self._ledger.fail(self._landing.shown(), error)
        self._ledger.end(self._landing.shown())
        self._out.record(Summary(report.files, report.bytes))
        self._out.end()


_WITH_ATTRIBUTES: Final = (Directory, Root, File, Packed, Symlink, Patch, Touch)

Receiver.handlers = {
    Directory: Receiver._directory,
    Root: Receiver._root,
    Leave: Receiver._leave,
    File: Receiver._begin_file,
    Packed: Receiver._packed,
    Symlink: Receiver._symlink,
    Link: Receiver._link,
    Attributes: Receiver._take_attributes,
    Failure: Receiver._failure,
    Settle: Receiver._settle,
    End: Receiver._end,
}
