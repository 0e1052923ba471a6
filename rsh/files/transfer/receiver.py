"""The receiving half of a transfer: checks everything and puts files in place, for put and get alike.

The sender is taken for hostile. Names are checked component by component, everything is opened relative to a directory
that we hold, without following symlinks, and nothing gets its final name before its digest was compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar, Final

import msgspec
from xxhash import xxh3_128_digest

from rsh.errors import FileError, ProtocolError, file_error
from rsh.files.disk.digest import BLOCK
from rsh.files.disk.durability import Durability
from rsh.files.disk.filter import Filter, Rules, make_filter
from rsh.files.disk.metadata import apply, apply_to_link
from rsh.files.disk.names import Asked
from rsh.files.disk.part import Finisher, Part
from rsh.files.stream.stream import Pipe, RecordReader, RecordWriter
from rsh.files.transfer.conflicts import Conflicts
from rsh.files.transfer.incoming import Incoming
from rsh.files.transfer.landing import Landing, Spot
from rsh.files.transfer.ledger import Ledger
from rsh.files.transfer.placing import Linked, place_link, place_small, place_symlink
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.target import open_target
from rsh.protocol import transfer_records
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.sync_records import Patch, Touch
from rsh.protocol.transfer_records import (
    Abort,
    Attributes,
    Begin,
    Directory,
    File,
    Finish,
    Held,
    Hole,
    Leave,
    Link,
    Packed,
    Root,
    Same,
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


class Receiver:
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
        self._conflicts = conflicts
        self._archive = archive
        self._forsaken = forsaken
        self._only = only
        self._attributes: Attributes | None = None  # of the item that comes next
        self._in = RecordReader(pipe, self.decoder)
        self._out = RecordWriter(pipe)
        self._durability = durability
        self._progress = progress
        self._ledger = Ledger(self._out, progress, asked)
        self._file: Incoming | None = None
        self._single = False
        self._one_file = b""  # name of the file that is all there is to a sync
        self._ended = False
        self._landing: Landing  # set by _open

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

    def _take_attributes(self, record: Attributes) -> None:
        if not self._archive:
            raise ProtocolError("attributes that were not asked for")
        self._attributes = record

    def _finisher(self) -> Finisher | None:
        """Give what sets the attributes of the item at hand."""
        attributes, self._attributes = self._attributes, None
        return None if attributes is None else partial(apply, attributes)

    def _take_within_file(self, file: Incoming, element: TransferRecord | memoryview) -> None:
        if isinstance(element, memoryview | Hole | Same):
            self._content(file, element)
            return
        try:
            if isinstance(element, Finish):
                self._finish(file, element)
            elif isinstance(element, Abort):
                self._abort(file, element)
            else:
                raise ProtocolError(f"{type(element).__name__} within a file")
        finally:
            self._file = None
            file.drop()

    def _directory(self, record: Directory) -> None:
        self._count(record.name, directory=True)
        index, finisher = self._ledger.index, self._finisher()
        try:
            self._landing.enter(index, record.name, record.mode, record.mtime_ns, finisher, record.identity)
        except (OSError, FileError) as error:
            self._fail(record.name, error)

    def _root(self, record: Root) -> None:
        if self._landing.depth:
            raise ProtocolError("Root below the top")
        self._ledger.count_root()
        finisher = self._finisher()
        try:
            self._landing.enter_root(self._ledger.index, record.mode, record.mtime_ns, finisher, record.identity)
        except (OSError, FileError) as error:
            self._fail(b"", error)

    def _leave(self, _: Leave) -> None:
        if not self._landing.depth:
            raise ProtocolError("Leave at the top")
        index, shown = self._landing.entered_by(), self._landing.shown()
        try:
            self._landing.leave()
        except OSError as error:
            self._ledger.fail(shown, error, index)

    def _symlink(self, record: Symlink) -> None:
        self._count(record.name)
        attributes, self._attributes = self._attributes, None
        if self._landing.skipping:
            return
        try:
            if b"\0" in record.target:
                raise ProtocolError("NUL in a symlink")
            directory, name, elsewhere = self._landing.spot(record.name, link=True, mtime_ns=record.mtime_ns)
            place_symlink(directory, name, record.target, record.mtime_ns, elsewhere)
            if attributes:
                apply_to_link(attributes, directory, name)
            self._ledger.placed(0)
        except (OSError, FileError) as error:
            self._fail(record.name, error)

    def _link(self, record: Link) -> None:
        self._count_file(record.name)
        if self._landing.skipping:
            return
        if record.across and not self._ledger.allows_across(record.path.partition(b"/")[0]):
            raise ProtocolError("a link to what was not asked for")
        try:
            spot = self._landing.spot(record.name, mtime_ns=record.mtime_ns)
            linked = self._linked(record)
            if linked is None:
                self._ledger.unlinked()
                return
            with linked:
                place_link(spot.directory, spot.name, linked, spot.elsewhere)
            self._ledger.placed(0)
        except (OSError, FileError) as error:
            self._fail(record.name, error)

    def _linked(self, record: Link) -> Linked | None:
        """Open what a link leads to; None when that is not what was sent."""
        if record.item is not None and record.item in self._ledger.unplaced:
            return None
        try:
            source, name = self._landing.open_earlier(record.path, across=record.across)
            return Linked(source, name, record.size, record.mtime_ns)
        except OSError:
            return None

    def _packed(self, record: Packed) -> None:
        self._count_file(record.name)
        finisher, content = self._finisher(), record.content
        self._ledger.received(len(content))
        if self._landing.skipping:
            self._ledger.pass_over()
            return
        if xxh3_128_digest(content) != record.digest:
            self._fail(record.name, FileError("EDIGEST"))
            return
        try:
            spot = self._landing.spot(record.name, mtime_ns=record.mtime_ns)
            sync = self._durability.before_placing(len(content), single=self._alone)
            if not self._landing.fresh or not place_small(
                spot.directory, spot.name, content, record.mode, record.mtime_ns, sync=sync, finish=finisher
            ):
                _replace(spot, record, finisher, sync=sync)
            self._progress.moved(len(content))
            self._ledger.placed(len(content))
        except (OSError, FileError) as error:
            self._fail(record.name, error)

    def _begin_file(self, record: File) -> None:
        self._count_file(record.name)
        self._file = file = Incoming(record, self._ledger.index, self._finisher())
        if record.size >= BLOCK:
            self._ledger.tell(file.index)  # for a while nothing else would tell it
        if self._landing.skipping:
            self._ledger.pass_over()
            return
        self._progress.started(self._landing.shown(record.name), record.size)
        try:
            directory, name, file.elsewhere = self._landing.spot(record.name, mtime_ns=record.mtime_ns)
            file.open(directory, name, self._forsaken)
            for digests in file.held():
                self._out.record(Held(file.index, digests))
                self._out.flush()
        except (OSError, FileError) as error:
            file.drop()
            self._fail(record.name, error, now=True)

    def _content(self, file: Incoming, element: memoryview | Hole | Same) -> None:
        working = file.part is not None
        try:
            if isinstance(element, memoryview):
                length = len(element)
                self._ledger.received(length)
                file.content(element)
            else:
                length = element.length
                (file.hole if isinstance(element, Hole) else file.same)(length)
        except OSError as error:
            file.drop()
            self._fail(file.record.name, error, now=True)
        if working:
            (self._progress.moved if isinstance(element, memoryview) else self._progress.reused)(length)

    def _finish(self, file: Incoming, record: Finish) -> None:
        item = file.record
        try:
            right = file.finish(record.digest)
            if not file.part:
                return
            if not right:
                raise FileError("EDIGEST")
            sync = self._durability.before_placing(item.size, single=self._alone)
            file.part.place(item.mode, item.mtime_ns, sync=sync, finish=file.finisher, elsewhere=file.elsewhere)
            self._ledger.placed(item.size)
        except (OSError, FileError) as error:
            self._fail(item.name, error)

    def _abort(self, file: Incoming, record: Abort) -> None:
        if file.part:
            self._ledger.note(file_error(record.error, self._landing.shown(file.record.name)))

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

    # --- counting ---

    @property
    def _alone(self) -> bool:
        """Tell whether the item at hand is all there is."""
        return self._single and not self._landing.depth

    def _count(self, name: bytes, *, directory: bool = False) -> None:
        self._ledger.count(name, top=not self._landing.depth)
        self._check_kept(name, directory=directory)

    def _count_file(self, name: bytes) -> None:
        self._ledger.count_file(name, top=not self._landing.depth)
        self._check_kept(name)

    def _check_kept(self, name: bytes, *, directory: bool = False) -> None:
        """Check that a name is none of those that were to be left out. A source that is a directory is never."""
        if self._only is None or self._landing.skipping or (directory and not self._landing.depth):
            return
        if not self._only.keeps(self._landing.from_source(name), directory=directory):
            raise ProtocolError("the sender sent what was to be left out")

    def _fail(self, name: bytes, error: OSError | FileError, *, now: bool = False) -> None:
        """Report the latest item. With `now` the sender hears it at once: what it is sending is in vain."""
        self._ledger.fail(self._landing.shown(name), error)
        if now:
            self._out.flush()


def _replace(spot: Spot, record: Packed, finisher: Finisher | None, *, sync: bool) -> None:
    """Write a small file beside the one that it may replace. Raises OSError, FileError."""
    part = Part(spot.directory, spot.name)
    try:
        if record.content:
            part.write(record.content)
        part.place(record.mode, record.mtime_ns, sync=sync, finish=finisher, elsewhere=spot.elsewhere)
    finally:
        part.discard()


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
