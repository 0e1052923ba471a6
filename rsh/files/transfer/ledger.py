"""What has come of a transfer and what became of it: counted, reported here, told to the sender.

For whoever takes items, to put them in place or in a rehearsal.
"""

from __future__ import annotations

import time
from typing import Final

from rsh.errors import FileError, ProtocolError, error_name, file_error
from rsh.files.disk.names import Asked, check_component
from rsh.files.stream.stream import RecordWriter
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.runs import Runs
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.transfer_records import Done, Result, Unlinked

# How often the sender hears how far we are, in seconds; failures go with it.
_TELL_EVERY: Final = 0.1


class Ledger:
    """The account of one transfer.

    Attributes:
        report: what came of it so far.
        index: number of the latest item; -1 before the first.
        unplaced: items that are not in place.

    Args:
        asked: which sources may come; None when the sender decides that.
    """

    def __init__(self, out: RecordWriter, progress: Progress, asked: Asked | None) -> None:
        self.report = Report()
        self.index = -1
        self.unplaced = Runs()
        self._out = out
        self._progress = progress
        self._asked = asked
        self._announced = 0  # sources
        self._sources = 0  # how many of them may still come
        self._owed = 0  # links that were not made, and have yet to come as files
        self._settling = False  # they come now
        self._received = 0  # bytes of content
        self._told = time.monotonic()  # when the sender last heard from us

    def begin(self, sources: int) -> None:
        """Expect so many sources."""
        self._announced = self._sources = sources

    # --- what comes ---

    def count(self, name: bytes, *, top: bool) -> None:
        """Count an item that is a source itself (`top`) or below one. Raises ProtocolError."""
        check_component(name)
        if top:
            self._count_source(self._asked is None or self._asked.allows(name))
        else:
            self.index += 1
        self._tell_if_due()

    def count_file(self, name: bytes, *, top: bool) -> None:
        """Count an item that is a file or a further name of one. Raises ProtocolError."""
        self.count(name, top=top)
        self._receive_owed()

    def received(self, count: int) -> None:
        """Count content, also of what has failed."""
        self._received += count
        self._tell_if_due()

    def count_root(self) -> None:
        """Count a source without a name. Raises ProtocolError."""
        self._count_source(self._asked is None or self._asked.allows_root())

    def _count_source(self, allowed: bool) -> None:
        if not allowed:
            raise ProtocolError("the sender sent what was not asked for")
        self._use_source()
        self.index += 1

    def _use_source(self) -> None:
        if not self._sources:
            raise ProtocolError("more sources than announced")
        self._sources -= 1

    def allows_across(self, first: bytes) -> bool:
        """Tell whether a link between sources may lead to what is below that name."""
        asked = self._asked
        return self._announced > 1 and (asked is None or asked.allows(first) or asked.allows_root())

    def failed_there(self, error: str, path: bytes, *, top: bool) -> None:
        """Take note of what the sender could not read. Raises ProtocolError."""
        if top:
            self._use_source()
        self._receive_owed()
        self.note(file_error(error, path))

    # --- what became of it ---

    def placed(self, size: int) -> None:
        """Count a file or symlink that is in place."""
        self.report.files += 1
        self.report.bytes += size

    def fail(self, path: bytes, error: str | OSError | FileError, index: int | None = None) -> None:
        """Report an item, the latest one if nothing else is said, as failed."""
        index = max(self.index if index is None else index, 0)
        self.unplaced.add(index)
        path = path[-MAX_PATH:]
        symbol = symbol_of(error)
        self.note(file_error(symbol, path))
        self._out.record(Result(index, path, symbol))

    def pass_over(self) -> None:
        """Leave out the latest item, which is below what has failed."""
        self.unplaced.add(self.index)

    def unlinked(self) -> None:
        """Ask for the latest item, a link, as a file: what it leads to is not there."""
        self._owed += 1
        self._out.record(Unlinked(self.index))

    def note(self, failure: FileError) -> None:
        """Report a failure that the sender knows."""
        self.report.add_failure(failure)
        self._progress.failed(failure)

    # --- how far it is ---

    def settle(self) -> None:
        """Tell the sender that all was dealt with that came so far; now comes again what was owed."""
        self._settling = True
        self._sources = self._announced
        self.tell(self.index + 1)

    def end(self, path: bytes) -> None:
        """Tell that all has been dealt with; what is owed has failed, with the whole of `path`."""
        if self._owed:
            self.fail(path, "ENOLINK")
        self.tell(self.index + 1)

    def tell(self, count: int) -> None:
        """Tell the sender, and whoever looks here, that so many items have been dealt with."""
        self._told = time.monotonic()
        self._out.record(Done(max(count, 0), self._received))
        self._out.flush()
        self._progress.completed(max(count, 0))

    def _tell_if_due(self) -> None:
        if time.monotonic() - self._told >= _TELL_EVERY:
            self.tell(self.index)

    def _receive_owed(self) -> None:
        if self._settling and self._owed:
            self._owed -= 1


def symbol_of(error: str | OSError | FileError) -> str:
    """Give the symbolic name of an error."""
    if isinstance(error, str):
        return error
    return error.error if isinstance(error, FileError) else error_name(error)
