"""What becomes of one file, directory or link that arrives: checked, and put in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from xxhash import xxh3_128_digest

from rsh.errors import FileError, ProtocolError, file_error
from rsh.files.disk.digest import BLOCK
from rsh.files.disk.durability import Durability
from rsh.files.disk.filter import Filter
from rsh.files.disk.metadata import apply, apply_to_link
from rsh.files.disk.names import Asked
from rsh.files.disk.part import Finisher, Part
from rsh.files.stream.stream import RecordWriter
from rsh.files.transfer.incoming import Incoming
from rsh.files.transfer.landing import Landing, Spot
from rsh.files.transfer.ledger import Ledger
from rsh.files.transfer.placing import Linked, place_link, place_small, place_symlink
from rsh.files.transfer.report import Progress
from rsh.protocol.transfer_records import (
    Abort,
    Attributes,
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
    Symlink,
    TransferRecord,
)


class ItemReceiver:
    """The receiving of items. The transfer that they belong to is that of rsh.files.transfer.receiver."""

    def __init__(
        self,
        out: RecordWriter,
        durability: Durability,
        asked: Asked | None,
        progress: Progress,
        archive: bool,
        forsaken: Callable[[], bool] | None,
        only: Filter | None,
    ) -> None:
        self._out = out
        self._durability = durability
        self._progress = progress
        self._archive = archive
        self._forsaken = forsaken
        self._only = only
        self._ledger = Ledger(out, progress, asked)
        self._attributes: Attributes | None = None  # of the item that comes next
        self._file: Incoming | None = None
        self._single = False
        self._landing: Landing  # set when the transfer begins

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
