"""What dead writers have left: taken over by whoever writes the same file again, removed when nobody came for it.

A lock tells whether the writer of a part lives. It goes with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from typing import Final, Protocol
from weakref import WeakValueDictionary

from rsh.files.disk.part_names import is_part

SAFE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
OPEN: Final = os.O_RDWR | SAFE

# Seconds after which nobody will go on with a part any more.
_FORGOTTEN: Final = 7 * 86400


class Yielding(Protocol):
    """Whoever writes a part, and may give it up."""

    def give_up(self) -> int:
        """Hand the part over, with its lock, if nobody waits for it here; -1 if somebody does."""


# Parts that another transfer in this process may take over, by device and inode.
left_alone: Final[WeakValueDictionary[tuple[int, int], Yielding]] = WeakValueDictionary()


def adopt(directory: int, name: bytes) -> int:
    """Take a part over whose writer is dead: a plain file of ours, with one name, that nobody has locked; or -1."""
    try:
        fd = os.open(name, OPEN, dir_fd=directory)
    except OSError:
        return -1
    try:
        status = os.fstat(fd)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_nlink == 1
        if ours and lock(fd, directory, name):
            return fd
        other = left_alone.get((status.st_dev, status.st_ino)) if ours else None
        if other and (taken := other.give_up()) >= 0:
            os.close(fd)
            os.lseek(taken, 0, os.SEEK_SET)
            return taken
    except OSError:
        pass  # a file system without locks
    os.close(fd)
    return -1


def identity_of(fd: int) -> tuple[int, int]:
    """Give device and inode."""
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def lock(fd: int, directory: int, name: bytes) -> bool:
    """Lock a part for as long as it is open, and make sure that it still is the part.

    Between opening and locking another one may have locked it, or have put it in place.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found, ours = os.stat(name, dir_fd=directory, follow_symlinks=False), os.fstat(fd)
    except (BlockingIOError, FileNotFoundError):
        return False
    return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)


def remove_leftover(directory: int, name: bytes, before: float) -> None:
    """Remove a part whose writer is dead and that nobody has touched since `before`. Failing is no error."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if max(status.st_mtime, status.st_ctime) > before or status.st_uid != os.geteuid():
            return
        if stat.S_ISLNK(status.st_mode):
            os.unlink(name, dir_fd=directory)
            return
        fd = adopt(directory, name)
        if fd >= 0:
            os.unlink(name, dir_fd=directory)
            os.close(fd)
    except OSError:
        pass  # somebody was faster, or may do more than we


def sweep(directory: int) -> None:
    """Remove the parts in a directory that nobody came back for."""
    before = time.time() - _FORGOTTEN
    try:
        for name in os.listdir(directory):
            if is_part(os.fsencode(name)):
                remove_leftover(directory, os.fsencode(name), before)
    except OSError:
        pass  # what cannot be listed cannot be swept
