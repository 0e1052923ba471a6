"""The part of a sync's target that takes files of old and new content: one at a time, put in place when it is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rsh.errors import FileError, ProtocolError, file_error
from rsh.files.disk.digest import BLOCK
from rsh.files.disk.durability import Durability
from rsh.files.disk.filter import Filter
from rsh.files.stream.stream import Pipe
from rsh.files.sync.incoming_patch import IncomingPatch
from rsh.files.sync.kept_files import KeptFiles
from rsh.files.sync.top import Top
from rsh.files.transfer.receiver import Receiver
from rsh.files.transfer.report import Progress
from rsh.protocol.sync_records import Patch, Reuse
from rsh.protocol.transfer_records import Abort, Finish, Same


class PatchReceiver(Receiver):
    """A receiver that knows its own files: those the source was told of are kept open until it has dealt with them."""

    def __init__(
        self,
        pipe: Pipe,
        durability: Durability,
        progress: Progress,
        archive: bool,
        forsaken: Callable[[], bool] | None,
        only: Filter | None,
    ) -> None:
        super().__init__(pipe, durability, None, progress, None, archive, forsaken, only)
        self._patching: IncomingPatch | None = None
        self._kept = KeptFiles()  # parts
        self._old = KeptFiles()
        self._top = Top(self._final, self._only)

    def _final(self, name: bytes) -> bytes:
        """Give the name that the one file of this sync has here."""
        return self._landing.target_name or name

    def _drop(self) -> None:
        if self._patching:
            self._patching.drop()
        super()._drop()

    def _close(self) -> None:
        if self._patching:
            self._patching.drop(leave=True)
        self._kept.close()
        self._old.close()
        self._top.close()
        super()._close()

    def _take(self, element: Any) -> None:
        if self._patching:
            self._take_within_patch(self._patching, element)
        else:
            super()._take(element)

    def _begin_patch(self, record: Patch) -> None:
        self._count_file(record.name)
        self._patching = patching = IncomingPatch(record, self._finisher())
        if record.size >= BLOCK:
            self._ledger.tell(self._ledger.index)
        if self._landing.skipping:
            self._ledger.pass_over()
            return
        self._progress.started(self._landing.shown(record.name), record.size)
        try:
            directory, name, _ = self._landing.spot(record.name)
            basis = self._old.take(record.basis)
            if basis < 0:
                basis = self._top.file(record.basis)
            patching.open(basis, directory, name, self._forsaken, self._kept.take(record.basis))
        except (OSError, FileError) as error:
            patching.drop()
            self._fail(record.name, error, now=True)

    def _take_within_patch(self, patching: IncomingPatch, element: Any) -> None:
        name, working = patching.record.name, patching.part is not None
        try:
            if isinstance(element, memoryview):
                self._ledger.received(len(element))
                patching.content(element)
                self._progress.moved(len(element) if working else 0)
            elif isinstance(element, Reuse | Same):
                if isinstance(element, Reuse):
                    patching.reuse(element.offset, element.length)
                else:
                    patching.same(element.length)
                self._progress.reused(element.length if working else 0)
            else:
                self._patching = None
                self._end_patch(patching, element)
        except (OSError, FileError) as error:
            patching.drop()
            self._fail(name, error, now=True)

    def _end_patch(self, patching: IncomingPatch, element: Any) -> None:
        record = patching.record
        try:
            if isinstance(element, Finish):
                right = patching.finish(element.digest)
                if not patching.part:
                    return
                if not right:
                    raise FileError("EDIGEST")
                sync = self._durability.before_placing(record.size, single=False)
                patching.part.place(record.mode, record.mtime_ns, sync=sync, finish=patching.finisher)
                self._ledger.placed(record.size)
            elif isinstance(element, Abort):
                self._ledger.note(file_error(element.error, self._landing.shown(record.name)))
            else:
                raise ProtocolError(f"{type(element).__name__} within a file")
        finally:
            patching.drop()
