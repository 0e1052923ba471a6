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

from rsh.errors import RshError, error_name
from rsh.files.disk.descent import DIRECTORY_FLAGS, Descent
from rsh.files.disk.filter import Filter, Rules, make_filter
from rsh.files.disk.links import Links
from rsh.files.disk.names import is_component, join
from rsh.files.disk.tree import Step, walk
from rsh.files.stream.stream import Pipe
from rsh.files.transfer.items import ItemSender
from rsh.files.transfer.links_sent import LinksSent, Name
from rsh.files.transfer.outgoing import release_blocks
from rsh.files.transfer.report import Progress, Report
from rsh.protocol.record_stream import End
from rsh.protocol.transfer_records import Begin, Leave, Settle


def send(
    pipe: Pipe,
    sources: Sequence[bytes],
    *,
    directory: bytes = b"",
    progress: Progress | None = None,
    rules: Rules | Filter = (),
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


class Sender(ItemSender):
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
        super().__init__(pipe, progress, rehearsal, follow=follow, archive=archive)
        self._only = only
        self._follow = follow
        self._directory_flags = DIRECTORY_FLAGS & ~(os.O_NOFOLLOW if follow else 0)
        self._names: set[bytes] = set()  # of the sources so far, if there are several
        self._sources: Sequence[bytes] = ()
        self._directory = b""  # where relative ones start

    def run(self, sources: Sequence[bytes], directory: bytes) -> Report:
        """Send, and wait for what the receiver says; as send()."""
        self._progress.arrived(0)
        self._results.start()
        try:
            self._send_all(sources, directory)
        except RshError as error:
            self._pipe.close()
            raise self._results.join().error or error from None
        except BaseException:  # the receiver must not wait for what will never come
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
