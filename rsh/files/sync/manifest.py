"""What the target of a sync holds: told by it in the order of a walk, and read by the source beside its own walk.

So neither side ever has a list of all files, and nothing is asked for file by file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from xxhash import xxh3_128

from rsh.errors import ProtocolError
from rsh.files.disk.descent import Descent
from rsh.files.disk.filter import Filter
from rsh.files.disk.metadata import file_fingerprints
from rsh.files.disk.part_names import is_part
from rsh.files.disk.tree import Step, walk
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.sync_records import Known, ManifestRecord, Other
from rsh.protocol.transfer_records import Directory, Leave, Root, Symlink

# What has a name in a directory.
Entry: TypeAlias = Directory | Known | Symlink | Other

_DIRECTORIES: Final = (Step.DIRECTORY, Step.LEFT, Step.UNREADABLE)
_LATEST: Final = 2**63 - 1
_INODES: Final = 2**62  # what a record holds of their numbers
_PIECE: Final = 1024 * 1024


def manifest(
    top: int,
    *,
    only: Filter | None = None,
    checksum: bool = False,
    archive: bool = False,
    part: Callable[[bytes], object] = bool,
) -> Iterator[ManifestRecord]:
    """Describe a tree. Parts of transfers are no part of it.

    Args:
        top: descriptor of its top, which is closed at the end.
        only: what is not left out.
        checksum: with the digest of every file.
        archive: with the fingerprints of its attributes; of its owner as well if we may change that.
        part: hears of the parts, by their paths from the top.
    """
    place = Descent(top)
    try:
        steps = walk(place, only)  # reads the names before anything is said: what is made later is not in them
        yield Root(*_mode_and_time(os.fstat(top)))
        for step, name, error in steps:
            if is_part(name) and step not in _DIRECTORIES:
                part(b"/".join((*place.names, name)))
                continue
            try:
                yield from _entry(place, step, name, error, checksum, archive)
            except OSError:
                continue  # gone since
    finally:
        place.close()
    yield End()


def _entry(
    place: Descent, step: Step, name: bytes, error: str, checksum: bool, archive: bool
) -> Iterator[ManifestRecord]:
    if step is Step.LEFT:
        yield Leave()
    elif step is Step.DIRECTORY:
        yield Directory(name, *_mode_and_time(os.fstat(place.fd)))
    elif step is Step.UNREADABLE:
        yield Failure(b"/".join((*place.names, name))[-MAX_PATH:], error)
    else:
        status = os.stat(name, dir_fd=place.fd, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            yield Symlink(name, _time(status), os.readlink(name, dir_fd=place.fd))
        elif not stat.S_ISREG(status.st_mode):
            yield Other(name)
        else:
            yield _known(place.fd, name, status, checksum, archive)


def known_file(directory: int, name: bytes, checksum: bool, archive: bool) -> Known | None:
    """Describe one file; None when it is none, or no regular one."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except OSError:
        return None
    return _known(directory, name, status, checksum, archive) if stat.S_ISREG(status.st_mode) else None


def _known(directory: int, name: bytes, status: os.stat_result, checksum: bool, archive: bool) -> Known:
    digest = file_digest(name, directory) if checksum else b""
    linked = status.st_ino % _INODES if status.st_nlink > 1 else 0
    prints = file_fingerprints(name, directory, owner=os.geteuid() == 0) if archive else b""
    return Known(name, *_mode_and_time(status), status.st_size, digest, linked, prints)


def _mode_and_time(status: os.stat_result) -> tuple[int, int]:
    return stat.S_IMODE(status.st_mode), _time(status)


def _time(status: os.stat_result) -> int:
    return max(-_LATEST, min(status.st_mtime_ns, _LATEST))


def file_digest(name: bytes, directory: int) -> bytes:
    """Give the XXH3-128 of a file's content; b"" when it cannot be read."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return b""
    try:
        return content_digest(fd)
    except OSError:
        return b""
    finally:
        os.close(fd)


def content_digest(fd: int) -> bytes:
    """Give the XXH3-128 of an open file's content. Raises OSError."""
    digest, position = xxh3_128(), 0
    while piece := os.pread(fd, _PIECE, position):
        digest.update(piece)
        position += len(piece)
    return digest.digest()


class Manifest:
    """The reading end: stands in one directory of the target, between two of its entries.

    Args:
        records: as they come.
        failed: hears of what the target cannot read.
    """

    def __init__(self, records: Iterable[ManifestRecord | memoryview], failed: Callable[[Failure], None]) -> None:
        self._records = iter(records)
        self._failed = failed
        self._next: ManifestRecord = self._take()

    def exists(self) -> bool:
        """Tell whether the target is there, and go in. Call it once, first of all."""
        if isinstance(self._next, Root):
            self._next = self._take()
            return True
        return False

    def before(self, name: bytes | None) -> Iterator[tuple[Entry, int]]:
        """Give the entries of this directory that come before a name, all that are left for None.

        Each comes with the number of entries below it, which are passed over.
        """
        while isinstance(self._next, Entry) and (name is None or self._next.name < name):
            entry = self._pop()
            yield entry, self.skip() if isinstance(entry, Directory) else 0

    def find(self, name: bytes) -> Entry | None:
        """Give the entry with a name, if it is the next one; of a directory its content follows."""
        if isinstance(self._next, Entry) and self._next.name == name:
            return self._pop()
        return None

    def skip(self) -> int:
        """Pass over what is in the directory that was given last, and give how many entries that was."""
        depth, count = 1, 0
        while depth:
            if isinstance(self._next, Leave):
                depth -= 1
            elif isinstance(self._next, End):
                raise ProtocolError("a manifest that ends within a directory")
            else:
                depth += isinstance(self._next, Directory)
                count += 1
            self._next = self._take()
        return count

    def leave(self) -> None:
        """Go up."""
        if not isinstance(self._next, Leave):
            raise ProtocolError("a manifest out of order")
        self._next = self._take()

    def drain(self) -> None:
        """Read on to the end: the target shall not wait for us."""
        while not isinstance(self._next, End):
            self._next = self._take()

    def _pop(self) -> Entry:
        entry = self._next
        assert isinstance(entry, Entry)
        self._next = self._take()
        return entry

    def _take(self) -> ManifestRecord:
        for record in self._records:
            if isinstance(record, memoryview):
                raise ProtocolError("content in a manifest")
            if not isinstance(record, Failure):
                return record
            self._failed(record)
        return End()
