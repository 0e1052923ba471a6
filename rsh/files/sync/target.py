"""The receiving half of a sync: tells what is there, and makes it what the source says, with the care of any transfer.

The source is taken for hostile: all paths are opened component by component below the target, nothing is deleted unless
that was asked for, and a file that is put together of old and new content is placed when its digest is right.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Container, Iterator
from typing import Any, Final

import msgspec

from rsh.errors import FileError, ProtocolError, RshError, error_name, file_error
from rsh.files.disk.descent import DIRECTORY_FLAGS
from rsh.files.disk.durability import Durability
from rsh.files.disk.filter import make_filter
from rsh.files.disk.names import check_component
from rsh.files.stream.stream import Pipe, RecordWriter
from rsh.files.sync.answers import proof, signature
from rsh.files.sync.deletions import Deletions
from rsh.files.sync.itemize import DELETING
from rsh.files.sync.manifest import known_file, manifest
from rsh.files.sync.patches import PatchReceiver
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.items import READ_FLAGS
from rsh.files.transfer.receiver import Receiver
from rsh.files.transfer.report import Progress, Report
from rsh.protocol import sync_records
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.sync_records import Change, Delete, Passed, Patch, Prove, Sign, Touch
from rsh.protocol.transfer_records import Directory, Link, Root, Symlink, TransferRecord

# How long the end of a manifest is waited for whose last record the source has read.
_SOON: Final = 5.0


def sync_to(
    pipe: Pipe,
    target: bytes,
    wishes: Wishes,
    *,
    directory: bytes = b"",
    durability: str = "auto",
    progress: Progress | None = None,
    fetched: bytes | None = None,
    agreed: Container[bytes] | None = None,
    forsaken: Callable[[], bool] | None = None,
) -> Report:
    """Make a target like a source, from the target's side.

    Args:
        target: a directory, which is made when it is not there; for a file as source a file or a directory.
        fetched: name of the source, if we have asked for it.
        agreed: what may be deleted (rsh.files.sync.deletions); None for all that the source has not.
        directory, durability, progress, forsaken: as receive().

    Raises:
        UsageError: unknown durability; a rule that means nothing. ProtocolError, RshError: as receive().
    """
    receiver = SyncTarget(pipe, Durability(durability), progress or Progress(), wishes, fetched, agreed, forsaken)
    return receiver.run(target, directory)


class SyncTarget(PatchReceiver):
    """One sync; run() does it."""

    decoder: msgspec.msgpack.Decoder[Any] = sync_records.SYNC

    def __init__(
        self,
        pipe: Pipe,
        durability: Durability,
        progress: Progress,
        wishes: Wishes,
        fetched: bytes | None,
        agreed: Container[bytes] | None,
        forsaken: Callable[[], bool] | None,
    ) -> None:
        super().__init__(pipe, durability, progress, wishes.archive, forsaken, make_filter(wishes.rules))
        self._pipe = pipe
        self._wishes = wishes
        self._fetched = fetched
        self._deletions = Deletions(self._top, self._only, agreed)
        self._telling: threading.Thread | None = None

    def _open(self, elements: Iterator[TransferRecord | memoryview], target: bytes, directory: bytes) -> None:
        try:
            super()._open(elements, target, directory)
        except FileError:
            self._tell_manifest(-1)
            raise
        if self._one_file:
            self._expect_file(self._one_file)
            return
        there = self._landing.target_name is None
        top = os.open(b".", DIRECTORY_FLAGS, dir_fd=self._landing.top) if there else -1
        if there and self._wishes.rehearsal:
            self._top.open(self._landing.top)
        # Ends when the source has read all, or when the pipe is closed; joined by _end.
        self._telling = threading.Thread(target=self._tell_manifest, args=(top,), name="rsh-manifest", daemon=True)
        self._telling.start()

    def _expect_file(self, name: bytes) -> None:
        """Prepare for one file in the place of a tree: tell what has its name, as far as it is a regular file."""
        check_component(name)
        if self._fetched is not None and name != self._fetched:
            raise ProtocolError("the source is another file than the one that was asked for")
        self._top.only = name
        self._top.open(self._landing.top)
        writer = RecordWriter(self._pipe, lane=1)
        there = known_file(self._top.fd, self._final(name), self._wishes.checksum, self._wishes.archive)
        if there:
            writer.record(msgspec.structs.replace(there, name=name))
        writer.record(End())
        writer.end()

    def _tell_manifest(self, top: int) -> None:
        writer = RecordWriter(self._pipe, lane=1)
        try:
            if top < 0:
                writer.record(End())
            else:
                wishes = self._wishes
                checksum, archive, part = wishes.checksum, wishes.archive, self._deletions.note_part
                for record in manifest(top, only=self._only, checksum=checksum, archive=archive, part=part):
                    writer.record(record)
            writer.end()
        except OSError as error:
            self._pipe.close()
            raise FileError(error_name(error)) from error
        except RshError:
            return  # the pipe was closed; whoever reads the other lane knows why

    def _end(self, record: End) -> None:
        if self._wishes.delete and self._ledger.report.ok and self._telling:
            self._telling.join(_SOON)
            if not self._telling.is_alive():
                self._deletions.remove_leftovers()
        super()._end(record)

    def _take(self, element: Any) -> None:
        if self._patching:
            super()._take(element)
        elif self._wishes.rehearsal and not isinstance(element, Prove | Change | Failure | End):
            raise ProtocolError(f"{type(element).__name__} in a rehearsal")
        elif self._one_file and isinstance(element, Root | Directory | Symlink | Link | Delete):
            raise ProtocolError(f"{type(element).__name__} in a sync of one file")
        else:
            super()._take(element)

    def _count(self, name: bytes, *, directory: bool = False) -> None:
        self._check_place(name)
        super()._count(name, directory=directory)

    def _count_file(self, name: bytes) -> None:
        self._check_place(name)
        super()._count_file(name)

    def _check_place(self, name: bytes) -> None:
        if self._one_file and name != self._one_file:
            raise ProtocolError("another name in a sync of one file")
        if not self._one_file and not self._landing.depth:
            raise ProtocolError("an item outside of the Root")

    def _directory(self, record: Directory) -> None:
        if not self._landing.skipping:
            self._make_way(record.name)
        super()._directory(record)

    def _make_way(self, name: bytes) -> None:
        """Remove a file that stands where a directory is to be; something special only if deleting was asked for."""
        self._check_place(name)
        check_component(name)
        self._check_kept(name, directory=True)
        here = self._landing.here
        try:
            mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
            if stat.S_ISREG(mode) or stat.S_ISLNK(mode) or (self._wishes.delete and not stat.S_ISDIR(mode)):
                os.unlink(name, dir_fd=here)
                self._ledger.report.deleted += 1
        except OSError:
            return  # there is none, or the directory says why not

    def _root(self, record: Root) -> None:
        super()._root(record)
        if self._landing.skipping:
            return
        if self._top.fd >= 0:
            raise ProtocolError("a second Root")
        self._top.open(self._landing.here)

    def _touch(self, record: Touch) -> None:
        self._count_file(record.name)
        finisher = self._finisher()
        if self._landing.skipping:
            return
        try:
            name = self._final(record.name) if self._one_file else record.name
            fd = os.open(name, READ_FLAGS, dir_fd=self._landing.here)
            try:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise FileError("ESPECIAL")
                os.fchmod(fd, finisher(fd, record.mode) if finisher else record.mode & 0o777)
                os.utime(fd, ns=(os.fstat(fd).st_atime_ns, record.mtime_ns))
            finally:
                os.close(fd)
        except (OSError, FileError) as error:
            self._fail(record.name, error)

    def _delete(self, record: Delete) -> None:
        if not self._wishes.delete:
            raise ProtocolError("a deletion that was not asked for")
        self._ledger.index += 1
        try:
            for failure in self._deletions.remove(record.path):
                self._ledger.fail(failure.path, failure.error)
            self._ledger.report.deleted += 1
        except FileNotFoundError:
            pass  # somebody else has deleted it meanwhile
        except (OSError, FileError) as error:
            self._ledger.fail(record.path, error)

    def _sign(self, record: Sign) -> None:
        for answer in signature(self._top, record, self._kept, self._old):
            self._out.record(answer)
        self._out.flush()

    def _prove(self, record: Prove) -> None:
        self._out.record(proof(self._top, record, self._old))
        self._out.flush()

    def _failure(self, record: Failure) -> None:
        self._ledger.note(file_error(record.error, record.path))

    def _passed(self, record: Passed) -> None:
        self._progress.passed(record.items, record.bytes)

    def _change(self, record: Change) -> None:
        path = record.path
        if record.how == DELETING and self._wishes.rehearsal:
            try:  # As it is here: nobody shall agree to something else.
                path = self._deletions.shown(path.rstrip(b"/"))
            except OSError:
                return  # somebody else has deleted it meanwhile
        self._progress.planned(record.how, path, 0, record.origin)


SyncTarget.handlers = Receiver.handlers | {
    Failure: SyncTarget._failure,
    Root: SyncTarget._root,
    Directory: SyncTarget._directory,
    Patch: SyncTarget._begin_patch,
    Touch: SyncTarget._touch,
    Delete: SyncTarget._delete,
    Sign: SyncTarget._sign,
    Prove: SyncTarget._prove,
    Change: SyncTarget._change,
    Passed: SyncTarget._passed,
    End: SyncTarget._end,
}
