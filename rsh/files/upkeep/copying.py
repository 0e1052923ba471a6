"""Copies within one machine, by the rules of cp(1): files whole or not at all, trees merged, symlinks as symlinks."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rsh.errors import FileError, error_name
from rsh.files.disk.descent import DIRECTORY_FLAGS
from rsh.files.disk.names import is_component, join
from rsh.files.disk.part_names import is_part, part_name
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.record_stream import Failure

# What is copied between two looks at whether anybody still wants it.
_STRETCH: Final = 64 * 1024 * 1024
_PIECE: Final = 1024 * 1024  # where the kernel cannot copy by itself

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
_CANNOT: Final = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF)

Wanted = Callable[[], bool]


def copy(
    sources: Sequence[bytes], target: bytes, *, directory: bytes = b"", wanted: Wanted = lambda: True
) -> Iterator[Failure]:
    """Copy a source to a name, or sources into a directory; yield what failed, and go on with the rest.

    Modes and times are kept. An existing file is replaced by a whole one; what is in an existing directory stays.

    Args:
        wanted: whether to go on.
    """
    where = join(directory, target) or b"."
    into = os.path.isdir(where)
    if not into and (len(sources) > 1 or target.endswith(b"/")):
        yield Failure(target, "ENOTDIRTARGET")
        return
    for source in sources:
        name = source.rstrip(b"/").rpartition(b"/")[2]
        place = join(where, name) if into and is_component(name) else where
        yield from _Copy(join(directory, source), place, source, wanted).run()


class _Copy:
    """The copy of one source with all below it."""

    def __init__(self, source: bytes, target: bytes, shown: bytes, wanted: Wanted) -> None:
        self._top = source
        self._shown = shown
        self._wanted = wanted
        # What is still to be done, last first: a copy, or a directory that is complete and gets its mode and time.
        self._pending: list[tuple[bytes, bytes, os.stat_result | None]] = [(source, target, None)]

    def run(self) -> Iterator[Failure]:
        """Copy; yield what failed."""
        while self._pending and self._wanted():
            source, target, finished = self._pending.pop()
            try:
                if finished is None:
                    self._copy(source, target)
                else:
                    _settle(target, finished)
            except FileError as error:
                yield Failure(self._named(source), error.error)
            except OSError as error:
                yield Failure(self._named(source), error_name(error))

    def _named(self, source: bytes) -> bytes:
        return (self._shown + source.removeprefix(self._top))[-MAX_PATH:]

    def _copy(self, source: bytes, target: bytes) -> None:
        status = os.lstat(source)
        if os.path.lexists(target) and os.path.samestat(status, os.lstat(target)):
            raise FileError("ESAMEFILE", source)
        if stat.S_ISDIR(status.st_mode):
            self._enter(source, target, status)
        elif stat.S_ISREG(status.st_mode):
            _replace(target, lambda part: self._copy_file(source, part))
        elif stat.S_ISLNK(status.st_mode):
            _replace(target, lambda part: _copy_link(source, part, status))
        else:
            raise FileError("ESPECIAL", source)

    def _enter(self, source: bytes, target: bytes, status: os.stat_result) -> None:
        """Make a directory and have what is in it copied next."""
        inside = os.path.realpath(target) + b"/"
        if inside.startswith(os.path.realpath(source).rstrip(b"/") + b"/"):
            raise OSError(errno.EINVAL, "a directory does not go into itself")
        names = sorted((name for name in os.listdir(source) if not is_part(name)), reverse=True)
        if os.path.islink(target) or not os.path.isdir(target):  # what is in a tree is not put through a symlink
            os.mkdir(target, 0o700)
            self._pending.append((source, target, status))
        self._pending += [(join(source, name), join(target, name), None) for name in names]

    def _copy_file(self, source: bytes, part: bytes) -> None:
        reader = os.open(source, _READ)
        try:
            writer = os.open(part, _NEW, 0o600)
            try:
                status = os.fstat(reader)
                while self._wanted() and _copy_stretch(reader, writer):
                    pass
                if not self._wanted():
                    raise FileError("ESTOPPED", source)
                os.fchmod(writer, stat.S_IMODE(status.st_mode) & 0o777)
                os.utime(writer, ns=(status.st_atime_ns, status.st_mtime_ns))
            finally:
                os.close(writer)
        finally:
            os.close(reader)


def _settle(target: bytes, status: os.stat_result) -> None:
    """Set mode and time of a directory that we have made, unless somebody has put a symlink in its place."""
    fd = os.open(target, DIRECTORY_FLAGS)
    try:
        os.fchmod(fd, stat.S_IMODE(status.st_mode) & 0o777)
        os.utime(fd, ns=(status.st_atime_ns, status.st_mtime_ns))
    finally:
        os.close(fd)


def _copy_link(source: bytes, part: bytes, status: os.stat_result) -> None:
    os.symlink(os.readlink(source), part)
    os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)


def _copy_stretch(reader: int, writer: int) -> int:
    """Copy on by the kernel, which shares the blocks where the file system can; give how much, 0 at the end."""
    try:
        return os.copy_file_range(reader, writer, _STRETCH)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    data = os.read(reader, _PIECE)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(writer, rest) :]
    return len(data)


def _replace(target: bytes, make: Callable[[bytes], None]) -> None:
    """Make something beside its target, and give it that name once it is whole."""
    if os.path.isdir(target) and not os.path.islink(target):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    part = join(os.path.dirname(target), part_name())
    try:
        make(part)
        os.rename(part, target)
    except BaseException:  # nothing half made is left, whatever ends us
        try:
            os.unlink(part)
        except OSError:
            pass
        raise
