"""What the source of a sync sends of one file, directory or link that differs, wherever its walks have come to."""

from __future__ import annotations

import os
import stat
from collections.abc import Container

import msgspec

from rsh.errors import error_name, file_error
from rsh.files.disk.filter import make_filter
from rsh.files.disk.metadata import gather
from rsh.files.stream.spool import Spool
from rsh.files.stream.stream import Pipe
from rsh.files.sync.alike import Alike
from rsh.files.sync.blocks import Old
from rsh.files.sync.itemize import DELETING, NEW
from rsh.files.sync.manifest import file_digest
from rsh.files.sync.patch import OutgoingPatch
from rsh.files.sync.renames import Renames
from rsh.files.sync.results import SyncResults
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.items import READ_FLAGS, mtime_of
from rsh.files.transfer.report import Progress
from rsh.files.transfer.sender import Sender
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.record_stream import Failure
from rsh.protocol.sync_records import Change, Delete, Passed, Patch, Prove, Reuse, Touch
from rsh.protocol.transfer_records import Abort, Attributes, Directory, Finish


class Level:
    """A directory that the walk stands in."""

    __slots__ = ("attributes", "mode", "mtime_ns", "name", "sent", "there")

    def __init__(
        self, name: bytes, status: os.stat_result, there: Directory | None, attributes: Attributes | None
    ) -> None:
        self.name = name
        self.mode = stat.S_IMODE(status.st_mode)
        self.mtime_ns = mtime_of(status)
        self.attributes = attributes  # if they are to be sent
        self.there = there  # the target's; None: it has none, or that does not count any more
        self.sent = False  # announced to the target

    @property
    def alike(self) -> bool:
        """Tell whether the target's has the same mode and time."""
        there = self.there
        return there is not None and not (there.mode ^ self.mode) & 0o777 and there.mtime_ns == self.mtime_ns


class SyncSender(Sender):
    """The sending of differences. The walks that find them are those of rsh.files.sync.source."""

    def __init__(
        self, pipe: Pipe, progress: Progress, wishes: Wishes, upward: bool, agreed: Container[bytes] | None = None
    ) -> None:
        super().__init__(pipe, progress, make_filter(wishes.rules), wishes.rehearsal, archive=wishes.archive)
        self._results: SyncResults = SyncResults(pipe, progress)
        self._wishes = wishes
        self._upward = upward
        self._agreed = agreed
        self._direction = "<" if upward else ">"
        self._levels: list[Level] = []
        self._complete = True  # all of the source could be read so far
        self._empty = True  # nothing was found in it so far
        self._exists = False  # the target is there
        self._extras = Spool()  # paths that only the target has
        self._later = Spool()  # files that wait for the second part: (path, size of the old one or -1)
        self._alike = Alike(self._tell_alike)
        self._renames = Renames(self._prove, self._results.proof)
        self._top_path = b""

    def _patch(self, fd: int, name: bytes, path: bytes, old: Old) -> None:
        """Send a changed file by what changed of it."""
        if not old.hashes:
            self._send_file(fd, name)
            return
        opened = os.open(name, READ_FLAGS, dir_fd=fd)
        try:
            status = os.fstat(opened)
            if not stat.S_ISREG(status.st_mode):
                self._lose(name, "ESPECIAL")
            elif status.st_nlink > 1 and (earlier := self._links.first(status)):
                self._announce()
                self._link(name, earlier, status)
            else:
                self._progress.started(self._path(name), status.st_size)
                self._send_patch(fd, opened, name, status, path, old)
        finally:
            os.close(opened)

    def _send_patch(self, directory: int, fd: int, name: bytes, status: os.stat_result, path: bytes, old: Old) -> None:
        def begin() -> None:
            self._begin_patch(name, status, path, fd)

        patch = OutgoingPatch(fd, status, old, begin, self._out, self._results, self._progress)
        try:
            error = patch.send()
        except OSError as failed:
            error = error_name(failed)
        if error and not patch.begun:
            self._fail(name, error)
        elif error:
            self._out.record(Abort(error))
            if error != "ESTOPPED":
                self._report_failure(name, error)
        elif patch.begun:
            self._out.record(Finish(patch.digest()))
            self._remember(status, path)
        else:
            self._touch(name, status, directory)

    def _find(self, fd: int, name: bytes, path: bytes) -> None:
        """Send a new file, or have the target copy it if it has the same content under another name."""
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        linked = status.st_nlink > 1 and self._links.knows(status)
        basis, digest = (b"", b"") if linked else self._renames.find(path, status, lambda: file_digest(name, fd))
        if not basis:
            self._tell(self._direction + "f" + NEW, path)
            self._send_file(fd, name)
            return
        self._tell("=f" + NEW, path, basis)
        if self._rehearsal:
            return
        opened = os.open(name, READ_FLAGS, dir_fd=fd)
        try:
            self._begin_patch(name, status, basis, opened)
        finally:
            os.close(opened)
        if status.st_size:
            self._out.record(Reuse(0, status.st_size))
        self._progress.reused(status.st_size)
        self._out.record(Finish(digest))
        self._remember(status, path)

    def _remember(self, status: os.stat_result, path: bytes) -> None:
        if status.st_nlink > 1:
            self._links.remember(status, path, self._results.sent - 1)

    def _begin_patch(self, name: bytes, status: os.stat_result, basis: bytes, fd: int) -> None:
        self._announce()
        self._attributes(status, fd, name)
        self._results.sent += 1
        self._out.record(Patch(name, stat.S_IMODE(status.st_mode), mtime_of(status), status.st_size, basis))

    def _prove(self, path: bytes) -> None:
        self._results.expect_proof()
        self._out.record(Prove(path))

    def _level(self, name: bytes, fd: int, there: Directory | None) -> Level:
        status, attributes = os.fstat(fd), None
        if self._archive:
            try:
                attributes = gather(status, fd)
            except OSError as error:
                self._fail(b"", error_name(error))
        return Level(name, status, there, attributes)

    def _relative(self, name: bytes) -> bytes:
        """Give a path from the top; without a name that of the directory, with a slash at its end."""
        return b"/".join([*(level.name for level in self._levels), name])

    def _announce(self) -> None:
        """Have the target enter the directories down to where we stand."""
        if self._rehearsal:
            return
        for level in self._levels:
            if not level.sent:
                level.sent = True
                if level.attributes:
                    self._out.record(level.attributes)
                self._results.sent += 1
                self._out.record(Directory(level.name, level.mode, level.mtime_ns))

    def _send_file(self, fd: int, name: bytes) -> None:
        if not self._rehearsal:
            self._announce()
            self._file(name, name, fd)

    def _touch(self, name: bytes, status: os.stat_result, directory: int) -> None:
        if self._rehearsal:
            return
        self._announce()
        if self._archive:
            opened = os.open(name, READ_FLAGS, dir_fd=directory)
            try:
                self._attributes(status, opened, name)
            finally:
                os.close(opened)
        self._results.sent += 1
        self._out.record(Touch(name, stat.S_IMODE(status.st_mode), mtime_of(status)))

    def _remove(self, shown: bytes) -> bool:
        """Have something deleted, a directory if there is a slash at the end; tell whether it may be."""
        if self._agreed is not None and shown not in self._agreed:
            failure = file_error("EUNASKED", shown)
            self._report.add_failure(failure)
            self._progress.failed(failure)
            return False
        self._tell(DELETING, shown)
        self._report.deleted += 1
        if not self._rehearsal:
            self._results.sent += 1
            self._out.record(Delete(shown.rstrip(b"/")))
        return True

    def _defer(self, path: bytes, old_size: int) -> None:
        self._later.append(msgspec.msgpack.encode((path, old_size)))

    def _tell(self, how: str, path: bytes, origin: bytes = b"") -> None:
        if not (self._wishes.itemize or self._rehearsal):
            return
        if self._upward:
            self._progress.planned(how, path, 0, origin)
        else:
            self._out.record(Change(how, path[-MAX_PATH:], origin))

    def _tell_alike(self, items: int, size: int) -> None:
        """Tell how far we are to the user's side, also if nothing else is to be said."""
        if self._rehearsal:
            return
        if self._upward:
            self._progress.passed(items, size)
        else:
            self._out.record(Passed(items, size))
            self._out.flush()

    def _lose(self, name: bytes, error: str) -> None:
        """Report what could not be read: now nothing may be deleted."""
        self._complete = False
        self._fail(name, error)

    def _target_failed(self, failure: Failure) -> None:
        self._report.add_failure(file_error(failure.error, failure.path))
