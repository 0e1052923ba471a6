"""The sending half of a transfer: walks, reads, digests and streams, for put and get alike.

Nothing is waited for file by file. What the receiver says comes back beside the stream and is read by a thread of its
own, so that neither end can block the other for good.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Final

from xxhash import xxh3_128_digest

from rsh.errors import RshError, error_name, file_error
from rsh.files.disk.descent import DIRECTORY_FLAGS, Descent
from rsh.files.disk.filter import Filter, Rules, make_filter
from rsh.files.disk.identity import identity
from rsh.files.disk.links import Earlier, Links
from rsh.files.disk.metadata import gather
from rsh.files.disk.names import is_component, join
from rsh.files.disk.tree import Step, walk
from rsh.files.stream.stream import Pipe, RecordWriter
from rsh.files.transfer.links_sent import LinksSent, Name
from rsh.files.transfer.outgoing import Outgoing, changed, release_blocks
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.results import Results
from rsh.protocol.fields import MAX_PATH, MAX_SIZE
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.transfer_records import (
    MAX_PACKED,
    Abort,
    Begin,
    Directory,
    File,
    Finish,
    Leave,
    Link,
    Packed,
    Root,
    Settle,
    Symlink,
)

# O_NONBLOCK: a FIFO that takes the place of a file must not hold us up.
READ_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_LATEST: Final = 2**63 - 1


def send(
    pipe: Pipe,
    sources: Sequence[bytes],
    *,
    directory: bytes = b"",
    progress: Progress | None = None,
    rules: Rules = (),
    rehearsal: bool = False,
    follow: bool = False,
    archive: bool = False,
) -> Report:
    """Send files and trees to a receiver, and wait until it has dealt with them.

    What cannot be read, is special, or changes while it is read is reported and the rest goes on. Symlinks are sent as
    such, also when they are named as a source. Hard links are kept.

    Args:
        sources: paths; no patterns.
        directory: where relative ones start; b"" is the process's.
        rules: what is left out (rsh.files.disk.filter).
        rehearsal: announce everything and send no content; for rsh.files.transfer.rehearsal.
        follow: send what symlinks point to; those that point nowhere stay what they are.
        archive: send owners and extended attributes; the receiver has to expect them.

    Raises:
        UsageError: a rule that means nothing; nothing has been sent.
        ProtocolError: the receiver broke the rules.
        RshError: the pipe failed. In both cases the pipe has been closed.
    """
    sender = Sender(pipe, progress or Progress(), make_filter(rules), rehearsal, follow=follow, archive=archive)
    return sender.run(sources, directory)


class Sender:
    """One transfer; run() does it."""

    def __init__(
        self,
        pipe: Pipe,
        progress: Progress,
        only: Filter | None,
        rehearsal: bool,
        *,
        follow: bool = False,
        archive: bool = False,
    ) -> None:
        self._only = only
        self._rehearsal = rehearsal
        self._follow = follow
        self._archive = archive and not rehearsal
        follows = os.O_NOFOLLOW if follow else 0
        self._read_flags = READ_FLAGS & ~follows
        self._directory_flags = DIRECTORY_FLAGS & ~follows
        self._links = Links()  # of what was sent
        self._links_sent = LinksSent()
        self._apart = False  # what has several names is sent as so many files
        self._several = False  # sources: then what is the same file in two of them is so over there as well
        self._names: set[bytes] = set()  # of the sources so far, if there are several
        self._above: list[bytes] = []  # name of the tree that is being sent, if there are several sources
        self._pipe = pipe
        self._out = RecordWriter(pipe)
        self._progress = progress
        self._results = Results(pipe, progress)
        self._report = Report()
        self._sources: Sequence[bytes] = ()
        self._directory = b""  # where relative ones start
        self._number = 0  # of the one that is being sent
        self._source = b""  # that one, as the user named it
        self._place: Descent | None = None  # where in its tree we are; None for a single file

    def run(self, sources: Sequence[bytes], directory: bytes) -> Report:
        """Send, and wait for what the receiver says; as send()."""
        self._progress.arrived(0)
        self._results.start()
        try:
            self._send_all(sources, directory)
        except RshError as error:
            self._pipe.close()
            raise self._results.join().error or error from None
        except BaseException:
            self._pipe.close()
            raise
        finally:
            self._links_sent.close()
            release_blocks()
        return self._results.join().complete(self._report)

    def _send_all(self, sources: Sequence[bytes], directory: bytes) -> None:
        self._out.record(Begin(len(sources)))
        self._sources, self._directory = sources, directory
        self._several = len(sources) > 1
        for self._number, source in enumerate(sources):
            if self._results.stopped:
                break
            self._source = source
            if not source:  # not the directory that it would be joined to
                self._fail(None, "ENOENT")
                continue
            try:
                self._send_source(join(directory, source))
            except OSError as error:
                self._fail(None, error_name(error))
        self._send_unlinked()
        self._results.ended = True
        self._out.record(End())
        self._out.end()

    def _send_source(self, path: bytes) -> None:
        name = path.rstrip(b"/").rpartition(b"/")[2]
        mode = self._mode(path)
        self._forget_replaced(name if is_component(name) else b"")
        if stat.S_ISDIR(mode):
            self._tree(path, name)
        elif self._only is not None and not self._only.keeps(name):
            return
        elif stat.S_ISREG(mode):
            self._file(name, path, None)
        elif stat.S_ISLNK(mode):
            self._symlink(name, path, None)
        else:
            self._fail(None, "ESPECIAL")

    def _forget_replaced(self, name: bytes) -> None:
        """Begin a source of that name, b"" for a Root. What it may replace over there no name is added to."""
        if self._names and (name in self._names or not name or b"" in self._names):
            here = self._number, self._source
            self._send_unlinked()
            self._number, self._source = here
            self._links = Links()
        if self._several:
            self._names.add(name)

    def _mode(self, path: bytes) -> int:
        """Tell what a source is. Raises OSError."""
        if self._follow:
            try:
                return os.stat(path).st_mode
            except FileNotFoundError:
                pass  # it may be a symlink that points nowhere
        return os.lstat(path).st_mode

    def _tree(self, path: bytes, name: bytes) -> None:
        self._place = place = Descent(os.open(path, self._directory_flags), follow=self._follow)
        try:
            steps = walk(place, self._only, follow=self._follow, parts=False)
            self._above = [name] if self._several and is_component(name) else []
            self._enter(place.fd, name if is_component(name) else b"")
            for step, found, error in steps:
                if self._results.stopped:
                    return
                self._step(place.fd, step, found, error)
            self._out.record(Leave())
        finally:
            self._place = None
            place.close()

    def _send_unlinked(self) -> None:
        """Send as files the links that could not be made: first with links among them, what is left then without."""
        for apart in (False, True):
            if not self._links_sent.count or self._results.stopped:
                break
            self._out.record(Settle())
            self._out.flush()
            self._results.settle()
            sent, self._links_sent = self._links_sent, LinksSent()
            self._links, self._apart = Links(), apart
            try:
                self._send_names(sent.unmade(self._results.unlinked))
            finally:
                sent.close()
        self._apart = False

    def _send_names(self, names: Iterable[Name]) -> None:
        """Send files once more that belong to sources which have been sent."""
        for self._number, paths in groupby(names, lambda name: name[0]):
            self._source = self._sources[self._number]
            path = join(self._directory, self._source)
            name = path.rstrip(b"/").rpartition(b"/")[2]
            try:
                self._send_paths(path, name, [path for _, path in paths])
            except OSError as error:
                self._fail(None, error_name(error))

    def _send_paths(self, path: bytes, name: bytes, below: list[tuple[bytes, ...]]) -> None:
        """Send some files of a source: it itself, or what is below it."""
        if below == [()]:
            self._file(name, path, None)
            return
        self._place = place = Descent(os.open(path, self._directory_flags), follow=self._follow)
        try:
            self._above = [name] if self._several and is_component(name) else []
            self._enter(place.fd, name if is_component(name) else b"")
            for *above, name in below:
                try:
                    self._go_to(above)
                    self._file(name, name, place.fd)
                except OSError as error:
                    self._fail(name, error_name(error))
            self._go_to([])
            self._out.record(Leave())
        finally:
            self._place = None
            place.close()

    def _go_to(self, names: list[bytes]) -> None:
        """Go to another directory of the tree; the receiver follows. Raises OSError."""
        assert self._place is not None
        place = self._place
        common = place.shared(names)
        while place.depth > common:
            self._out.record(Leave())
            with suppress(OSError):  # then we are lost, and whatever is entered next fails
                place.leave()
        for name in names[common:]:
            place.enter(name)
            self._enter(place.fd, name)

    def _step(self, fd: int, step: Step, name: bytes, error: str) -> None:
        try:
            if step is Step.FILE:
                self._file(name, name, fd)
            elif step is Step.DIRECTORY:
                self._enter(fd, name)
            elif step is Step.LEFT:
                self._out.record(Leave())
            elif step is Step.SYMLINK:
                self._symlink(name, name, fd)
            else:
                self._fail(name, error or "ESPECIAL")
        except OSError as failed:
            self._fail(name, error_name(failed))

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
