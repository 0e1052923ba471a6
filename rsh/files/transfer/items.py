"""What is sent of one file, directory or symlink, wherever a sender's walk has come to."""

from __future__ import annotations

import os
import stat
from typing import Final

from xxhash import xxh3_128_digest

from rsh.errors import error_name, file_error
from rsh.files.disk.descent import Descent
from rsh.files.disk.identity import identity
from rsh.files.disk.links import Earlier, Links
from rsh.files.disk.metadata import gather
from rsh.files.disk.names import join
from rsh.files.stream.stream import Pipe, RecordWriter
from rsh.files.transfer.links_sent import LinksSent
from rsh.files.transfer.outgoing import Outgoing, changed
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.results import Results
from rsh.protocol.fields import MAX_PATH, MAX_SIZE
from rsh.protocol.record_stream import Failure
from rsh.protocol.transfer_records import MAX_PACKED, Abort, Directory, File, Finish, Link, Packed, Root, Symlink

# O_NONBLOCK: a FIFO that takes the place of a file must not hold us up.
READ_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_LATEST: Final = 2**63 - 1


class ItemSender:
    """The sending of items. The walks that find them are those of rsh.files.transfer.sender."""

    def __init__(self, pipe: Pipe, progress: Progress, rehearsal: bool, *, follow: bool, archive: bool) -> None:
        self._rehearsal = rehearsal
        self._archive = archive and not rehearsal
        self._read_flags = READ_FLAGS & ~(os.O_NOFOLLOW if follow else 0)
        self._links = Links()  # of what was sent
        self._links_sent = LinksSent()
        self._apart = False  # what has several names is sent as so many files
        self._several = False  # sources: then what is the same file in two of them is so over there as well
        self._above: list[bytes] = []  # name of the tree that is being sent, if there are several sources
        self._pipe = pipe
        self._out = RecordWriter(pipe)
        self._progress = progress
        self._results = Results(pipe, progress)
        self._report = Report()
        self._number = 0  # of the source that is being sent
        self._source = b""  # that one, as the user named it
        self._place: Descent | None = None  # where in its tree we are; None for a single file

    def _enter(self, fd: int, name: bytes) -> None:
        status = os.fstat(fd)
        mode, mtime = stat.S_IMODE(status.st_mode), mtime_of(status)
        self._attributes(status, fd, name)
        self._results.sent += 1
        # Below the top a directory of ours cannot be met that is not in one that was checked.
        own = identity(status) if not self._place or not self._place.names else b""
        self._out.record(Directory(name, mode, mtime, own) if name else Root(mode, mtime, own))

    def _symlink(self, name: bytes, path: bytes, fd: int | None) -> None:
        target = os.readlink(path, dir_fd=fd)
        status = os.stat(path, dir_fd=fd, follow_symlinks=False)
        self._attributes(status, None, name)
        self._results.sent += 1
        self._out.record(Symlink(name, mtime_of(status), target))

    def _file(self, name: bytes, path: bytes, directory: int | None) -> None:
        fd = os.open(path, self._read_flags, dir_fd=directory)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                self._fail(name, "ESPECIAL")
            elif self._rehearsal:
                self._results.sent += 1
                self._out.record(File(name, stat.S_IMODE(status.st_mode), mtime_of(status), status.st_size))
            elif status.st_nlink > 1 and not self._apart and (self._several or self._place is not None):
                self._one_of_several(name, fd, status, self._place_there(name))
            else:
                self._content(name, fd, status)
        finally:
            os.close(fd)

    def _one_of_several(self, name: bytes, fd: int, status: os.stat_result, path: bytes) -> None:
        """Send a file that has other names as a link to the first of them that came."""
        earlier = self._links.first(status)
        if earlier:
            self._link(name, earlier, status)
        elif self._content(name, fd, status):
            self._links.remember(status, path, self._results.sent - 1)

    def _place_there(self, name: bytes) -> bytes:
        """Give the path over there of what has that name here: from the top of its tree, or of all sources."""
        if self._place is None:
            return name
        return b"/".join((*self._above, *self._place.names, name))

    def _link(self, name: bytes, earlier: Earlier, status: os.stat_result) -> None:
        self._links_sent.note(self._results.sent, self._number, (*self._place.names, name) if self._place else ())
        self._results.sent += 1
        self._out.record(Link(name, earlier.path, status.st_size, mtime_of(status), self._several, earlier.item))

    def _content(self, name: bytes, fd: int, status: os.stat_result) -> bool:
        """Send a file; tell whether all of it was sent."""
        if status.st_size <= MAX_PACKED:
            return self._packed(name, fd, status)
        return self._streamed(name, fd, status)

    def _packed(self, name: bytes, fd: int, status: os.stat_result) -> bool:
        content = os.read(fd, status.st_size + 1)
        if len(content) != status.st_size or changed(fd, status):
            self._fail(name, "ECHANGED")
            return False
        self._attributes(status, fd, name)
        self._results.sent += 1
        mode, digest = stat.S_IMODE(status.st_mode), xxh3_128_digest(content)
        self._out.record(Packed(name, mode, mtime_of(status), content, digest))
        self._progress.moved(len(content))
        return True

    def _streamed(self, name: bytes, fd: int, status: os.stat_result) -> bool:
        size = status.st_size
        if size > MAX_SIZE:
            self._fail(name, "EFBIG")
            return False
        self._attributes(status, fd, name)
        self._progress.started(self._path(name), size)
        self._results.announce(size)
        mode, room = stat.S_IMODE(status.st_mode), min(size, status.st_blocks * 512)
        self._out.record(File(name, mode, mtime_of(status), size, room))
        content = Outgoing(fd, status, self._out, self._results, self._progress)
        try:
            error = content.send()
        except OSError as failed:
            error = error_name(failed)
        if not error:
            self._out.record(Finish(content.digest()))
            return True
        self._out.record(Abort(error))
        if error != "ESTOPPED":
            self._report_failure(name, error)
        return False

    def _attributes(self, status: os.stat_result, fd: int | None, name: bytes) -> None:
        """Send what the item that comes next has beside its permissions, if that is wanted."""
        if not self._archive:
            return
        try:
            self._out.record(gather(status, fd))
        except OSError as error:
            self._fail(name or None, error_name(error))

    def _fail(self, name: bytes | None, error: str) -> None:
        self._out.record(Failure(self._path(name), error))
        self._report_failure(name, error)

    def _report_failure(self, name: bytes | None, error: str) -> None:
        failure = file_error(error, self._path(name))
        self._report.add_failure(failure)
        self._progress.failed(failure)

    def _path(self, name: bytes | None) -> bytes:
        """Give the path of what has that name where we are, as the user would write it."""
        if self._place is None or name is None:
            return self._source
        return join(self._source, b"/".join((*self._place.names, name)))[-MAX_PATH:]


def mtime_of(status: os.stat_result) -> int:
    """Give the time of last change, cut to what 64 bits hold (1677 to 2262)."""
    return max(-_LATEST, min(status.st_mtime_ns, _LATEST))
