"""Looks through trees: which files are as one is looked for (find), and how much there is of them (du)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from rsh.errors import error_name
from rsh.files.disk.descent import DIRECTORY_FLAGS, Descent
from rsh.files.disk.listing import Lister
from rsh.files.disk.names import join
from rsh.files.disk.tree import Step, walk
from rsh.protocol.answer_records import Entry, Measured
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.record_stream import Failure

_KINDS: Final[dict[str, Callable[[int], bool]]] = {
    "f": stat.S_ISREG,
    "d": stat.S_ISDIR,
    "l": stat.S_ISLNK,
    "p": stat.S_ISFIFO,
    "s": stat.S_ISSOCK,
}


class Wish(Struct, frozen=True):
    """What one looks for.

    Attributes:
        names: matchers of patterns, one of which the last component matches; none: any name.
        kind: a letter of find(1): f, d, l, p or s; "" for any.
        depth: levels below what was named that are looked at; None: all.
        least, most: size in bytes.
        newer_ns, older_ns: the time of last change lies behind, and before that, in nanoseconds since 1970.
    """

    names: tuple[Callable[[bytes], object], ...] = ()
    kind: str = ""
    depth: int | None = None
    least: int = 0
    most: int | None = None
    newer_ns: int | None = None
    older_ns: int | None = None

    def fits(self, name: bytes, status: os.stat_result) -> bool:
        """Say whether a file is one of those."""
        if self.names and not any(matches(name) for matches in self.names):
            return False
        if self.kind and not (self.kind in _KINDS and _KINDS[self.kind](status.st_mode)):
            return False
        if status.st_size < self.least or (self.most is not None and status.st_size > self.most):
            return False
        if self.newer_ns is not None and status.st_mtime_ns <= self.newer_ns:
            return False
        return self.older_ns is None or status.st_mtime_ns < self.older_ns


def search(
    paths: Sequence[bytes], wish: Wish, *, directory: bytes = b"", wanted: Callable[[], bool] = lambda: True
) -> Iterator[Entry | Failure]:
    """Give what is looked for at and below some paths; no symlink is followed.

    Args:
        wanted: whether to go on.
    """
    lister = Lister()
    for path in paths:
        where = join(directory, path) or b"."
        try:
            status = os.lstat(where)
            if wish.fits(path.rstrip(b"/").rpartition(b"/")[2] or path, status):
                yield lister.entry(b"", path, where, None)
            if stat.S_ISDIR(status.st_mode) and wish.depth != 0:
                yield from _search_tree(path, os.open(where, DIRECTORY_FLAGS), wish, lister, wanted)
        except OSError as error:
            yield Failure(path, error_name(error))


def _search_tree(
    shown: bytes, top: int, wish: Wish, lister: Lister, wanted: Callable[[], bool]
) -> Iterator[Entry | Failure]:
    place = Descent(top)
    try:
        for step, name, error in walk(place, depth=wish.depth):
            if not wanted():
                return
            if step is Step.LEFT:
                continue
            # A directory is shown when it has been entered: then it is the last of the names.
            entered = step is Step.DIRECTORY
            path = join(shown, b"/".join(place.names if entered else [*place.names, name]))
            try:
                if step is Step.UNREADABLE:
                    yield Failure(path[-MAX_PATH:], error)
                if len(path) > MAX_PATH:
                    raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
                at = b"." if entered else name
                if wish.fits(name, os.stat(at, dir_fd=place.fd, follow_symlinks=False)):
                    yield lister.entry(b"", path, at, place.fd)
            except FileNotFoundError:
                continue  # removed since
            except OSError as failed:
                yield Failure(path[-MAX_PATH:], error_name(failed))
    finally:
        place.close()


def measure(
    paths: Sequence[bytes], *, directory: bytes = b"", wanted: Callable[[], bool] = lambda: True
) -> Iterator[Measured | Failure]:
    """Give how much each path holds with all below it; what has several names is counted once, as du(1) does."""
    seen: set[tuple[int, int]] = set()
    for path in paths:
        where = join(directory, path) or b"."
        work = _Measure(seen, wanted)
        try:
            status = os.lstat(where)
            work.add(status)
            if stat.S_ISDIR(status.st_mode):
                yield from work.tree(path, os.open(where, DIRECTORY_FLAGS))
            yield Measured(path, work.files, work.bytes, work.blocks)
        except OSError as error:
            yield Failure(path, error_name(error))


class _Measure:
    """The sums of one path."""

    def __init__(self, seen: set[tuple[int, int]], wanted: Callable[[], bool]) -> None:
        self.files = self.bytes = self.blocks = 0
        self._wanted = wanted
        self._seen = seen  # device and inode of what has several names

    def add(self, status: os.stat_result) -> None:
        """Count a file."""
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in self._seen:
                return
            self._seen.add((status.st_dev, status.st_ino))
        self.files += 1
        self.bytes += status.st_size
        self.blocks += status.st_blocks

    def tree(self, shown: bytes, top: int) -> Iterator[Failure]:
        """Count all in a directory."""
        place = Descent(top)
        try:
            for step, name, error in walk(place):
                if not self._wanted():
                    return
                if step is Step.LEFT:
                    continue
                try:
                    if step is Step.UNREADABLE:
                        yield Failure(join(shown, b"/".join((*place.names, name)))[-MAX_PATH:], error)
                    at = b"." if step is Step.DIRECTORY else name
                    self.add(os.stat(at, dir_fd=place.fd, follow_symlinks=False))
                except OSError:
                    continue  # removed since, or told above
        finally:
            place.close()
