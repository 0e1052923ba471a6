"""A transfer that only says what it would do: the receiving half of a dry run. It opens and looks, and changes nothing.

The sender announces a File without its content. Each item is answered by a Would; what could be known to fail is a
Result, as in the transfer itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rsh.errors import FileError, ProtocolError
from rsh.files.disk.descent import Descent
from rsh.files.disk.names import Asked, join
from rsh.files.stream.stream import Pipe, RecordReader, RecordWriter
from rsh.files.transfer.conflicts import Action, Conflicts
from rsh.files.transfer.landing import check_replaceable
from rsh.files.transfer.ledger import Ledger
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.target import Target, open_target
from rsh.protocol import transfer_records
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.transfer_records import Begin, Directory, File, Leave, Root, Stop, Summary, Symlink, Would


def rehearse(
    pipe: Pipe,
    target: bytes,
    *,
    directory: bytes = b"",
    conflicts: Conflicts,
    asked: Asked | None = None,
    progress: Progress | None = None,
) -> Report:
    """Take what a sender announces and tell what a transfer of it would do.

    Args:
        target, directory, asked: as rsh.files.transfer.receiver.receive.
        progress: hears of each item by `planned`.

    Raises:
        ProtocolError: the sender broke the rules. RshError: the pipe failed.
    """
    return _Rehearsal(pipe, conflicts, asked, progress or Progress()).run(target, directory)


class _Rehearsal:
    def __init__(self, pipe: Pipe, conflicts: Conflicts, asked: Asked | None, progress: Progress) -> None:
        self._in = RecordReader(pipe, transfer_records.TRANSFER)
        self._out = RecordWriter(pipe)
        self._conflicts = conflicts
        self._progress = progress
        self._ledger = Ledger(self._out, progress, asked)
        self._missing = 0  # levels entered that are not there yet
        self._barred = 0  # levels entered below and including what is no directory
        self._names: list[bytes] = []  # of the levels entered below the first
        self._base = b""  # what the first one is called, for people
        self._target: Target
        self._place: Descent

    def run(self, target: bytes, directory: bytes) -> Report:
        elements = iter(self._in)
        begin = next(elements, None)
        if not isinstance(begin, Begin):
            raise ProtocolError("a transfer starts with Begin")
        self._ledger.begin(begin.sources)
        try:
            self._target = open_target(target, begin.sources, directory=directory)
        except FileError as error:
            self._ledger.note(error)
            self._out.record(Stop(error.path, error.error))
            self._out.flush()
            for _ in elements:
                pass
        else:
            self._place = Descent(self._target.fd)
            try:
                for element in elements:
                    self._take(element)
            finally:
                self._place.close()
        report = self._ledger.report
        self._out.record(Summary(report.files, report.bytes))
        self._out.end()
        return report

    def _take(self, element: object) -> None:
        handler = _HANDLERS.get(type(element))
        if handler is None:
            raise ProtocolError(f"{type(element).__name__} in a rehearsal")
        handler(self, element)

    # --- items ---

    def _enter(self, record: Directory) -> None:
        self._count(record.name)
        self._go_in(record.name)

    def _root(self, _: Root) -> None:
        if self._depth:
            raise ProtocolError("Root below the top")
        self._ledger.count_root()
        if self._target.name is not None:
            self._go_in(self._target.name)
            return
        self._base = self._target.path
        self._place.enter(b".")

    def _go_in(self, name: bytes) -> None:
        shown = self._shown(name)
        if not self._depth and self._target.is_begun(name):
            self._base = self._target.path
            self._place.enter(b".")
            return
        if self._depth:
            self._names.append(name)
        else:
            self._base = shown
        if self._barred or self._missing:
            self._barred += self._barred > 0
            self._missing += self._missing > 0
            if self._missing:
                self._tell(Action.CREATE, shown + b"/", 0)
            return
        try:
            self._place.enter(name if self._depth else self._target.name_for(name, directory=True))
        except FileNotFoundError:
            self._missing = 1
            self._tell(Action.CREATE, shown + b"/", 0)
        except OSError as error:
            self._barred = 1
            self._ledger.fail(shown, error)

    def _leave(self, _: Leave) -> None:
        if not self._depth:
            raise ProtocolError("Leave at the top")
        if self._names:
            self._names.pop()
        if self._barred:
            self._barred -= 1
        elif self._missing:
            self._missing -= 1
        else:
            self._place.leave()

    def _file(self, record: File) -> None:
        self._put(record.name, record.mtime_ns, record.size)

    def _symlink(self, record: Symlink) -> None:
        self._put(record.name, record.mtime_ns, 0)

    def _put(self, name: bytes, mtime_ns: int, size: int) -> None:
        self._count(name)
        if self._barred:
            return
        try:
            if not self._depth:
                name = self._target.name_for(name)
            shown = self._shown(name)
            there = None if self._missing else check_replaceable(self._place.fd, name)
            action = Action.CREATE if there is None else self._conflicts.judge(there, mtime_ns, shown)
        except (OSError, FileError) as error:
            self._ledger.fail(self._shown(name), error)
            return
        if action is Action.CONFLICT:
            self._ledger.fail(shown, "ECONFLICT")
            return
        if action is not Action.SKIP:
            self._ledger.placed(size)
        self._tell(action, shown, size)

    def _failure(self, record: Failure) -> None:
        self._ledger.failed_there(record.error, record.path, top=not self._depth)

    def _end(self, _: End) -> None:
        if self._depth:
            raise ProtocolError("End within a directory")

    # --- counting and showing ---

    @property
    def _depth(self) -> int:
        return self._place.depth + self._missing + self._barred

    def _count(self, name: bytes) -> None:
        self._ledger.count(name, top=not self._depth)

    def _shown(self, name: bytes) -> bytes:
        if not self._depth:
            return self._target.shown(name)
        return join(self._base, b"/".join((*self._names, name)))[-MAX_PATH:]

    def _tell(self, action: Action, shown: bytes, size: int) -> None:
        self._progress.planned(action.value, shown, size)
        self._out.record(Would(action.value, shown[-MAX_PATH:], size))


_HANDLERS: Final[dict[type, Callable[[_Rehearsal, Any], None]]] = {
    Directory: _Rehearsal._enter,
    Root: _Rehearsal._root,
    Leave: _Rehearsal._leave,
    File: _Rehearsal._file,
    Symlink: _Rehearsal._symlink,
    Failure: _Rehearsal._failure,
    End: _Rehearsal._end,
}
