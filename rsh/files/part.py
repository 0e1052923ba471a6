"""A file on its way: written beside its target under another name, and renamed when it is whole.

Whoever is killed meanwhile leaves the old file or the new one, and at worst a `.rsh-XXXXXXXX.part`.
"""

from __future__ import annotations

import errno
import os
import time
from itertools import count
from typing import Final

from rsh.protocol.frames import Buffer

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

# Names need not be secret, O_EXCL decides; a start of its own for each process makes a second try rare.
_numbers: Final = count(int.from_bytes(os.urandom(4), "big"))
_TRIES: Final = 100


def part_name() -> bytes:
    """Give a fresh name for a part."""
    return b".rsh-%08x.part" % (next(_numbers) & 0xFFFF_FFFF)


class Part:
    """One file being written. Ends by place() or discard().

    Args:
        directory: descriptor of the directory that gets the file; it must stay open.

    Raises:
        OSError: from any method; then discard() it.
    """

    __slots__ = ("_directory", "_fd", "_name")

    def __init__(self, directory: int) -> None:
        self._directory = directory
        self._fd, self._name = _create(directory)

    def write(self, content: Buffer) -> None:
        """Append content, all of it."""
        written = os.write(self._fd, content)
        while written < len(content):
            content = memoryview(content)[written:]
            written = os.write(self._fd, content)

    def place(self, name: bytes, mode: int, mtime_ns: int | None, *, sync: bool) -> None:
        """Put the file in place, with permissions (no setuid, setgid or sticky bit) and time (None: now).

        Args:
            sync: its content shall be on the disk before the name is.
        """
        fd = self._fd
        os.fchmod(fd, mode & 0o777)
        if mtime_ns is not None:
            os.utime(fd, ns=(time.time_ns(), mtime_ns))
        if sync:
            os.fsync(fd)
        self._fd = -1
        os.close(fd)
        os.rename(self._name, name, src_dir_fd=self._directory, dst_dir_fd=self._directory)

    def discard(self) -> None:
        """Remove what was written."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        try:
            os.unlink(self._name, dir_fd=self._directory)
        except OSError:
            pass  # the directory is gone, or somebody was faster


def place_symlink(directory: int, name: bytes, target: bytes, mtime_ns: int) -> None:
    """Make a symlink, in the place of whatever file has that name. Raises OSError."""
    try:
        os.symlink(target, name, dir_fd=directory)
        made = name
    except FileExistsError:
        made = part_name()
        os.symlink(target, made, dir_fd=directory)
    try:
        os.utime(made, ns=(time.time_ns(), mtime_ns), dir_fd=directory, follow_symlinks=False)
        if made is not name:
            os.rename(made, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        os.unlink(made, dir_fd=directory)
        raise


def _create(directory: int) -> tuple[int, bytes]:
    for _ in range(_TRIES):
        name = part_name()
        try:
            return os.open(name, _FLAGS, 0o600, dir_fd=directory), name
        except FileExistsError:
            continue
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
