"""A file on its way: written beside its target under another name, and renamed when it is whole.

Whoever is killed meanwhile leaves the old file or the new one, and at worst a part. Its name follows from the target's,
so that the next try finds it, goes on with it or writes over it. Two who write the same file at once get in nobody's
way, and the later one gets a name of chance.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

from rsh.files.disk.leftovers import OPEN, adopt, identity_of, left_alone, lock
from rsh.files.disk.part_names import part_name
from rsh.files.disk.vacant import Elsewhere, rename
from rsh.protocol.frames import Buffer

_CREATE: Final = OPEN | os.O_CREAT | os.O_EXCL
_TRIES: Final = 100  # names of chance

# Called with a descriptor and the permissions that were sent, gives those that are to be set.
Finisher: TypeAlias = Callable[[int, int], int]


class Part:
    """One file being written. Ends by place(), discard() or leave().

    Args:
        directory: descriptor of the directory that gets the file; it must stay open.
        name: of the file.
        resume: keep what an earlier try has written; `size` tells how much.
        forsaken: tells whether nobody waits for this file any more: its client is gone, and only the session is kept
            in case that it comes back. Then another transfer of the same file may take the part over.
        claimed: descriptor of a part of this file that an earlier try has left, locked; ours from now on. -1 for none.

    Attributes:
        size: bytes that were there.
        fd: for reading what was there.

    Raises:
        OSError: from any method; then discard() it. ESTALE when another transfer has taken it over.
    """

    __slots__ = ("__weakref__", "_directory", "_forsaken", "_lock", "_name", "_target", "fd", "size")

    def __init__(
        self,
        directory: int,
        name: bytes,
        *,
        resume: bool = False,
        forsaken: Callable[[], bool] | None = None,
        claimed: int = -1,
    ) -> None:
        self._directory = directory
        self._target = name
        self._forsaken = forsaken
        self._lock = threading.Lock()  # held while `fd` is used or taken over, for what is not reading
        self.fd, self._name, self.size = _claim(directory, name, claimed)
        if forsaken:
            left_alone[identity_of(self.fd)] = self
        if self.size and not resume:
            os.ftruncate(self.fd, 0)
            self.size = 0

    def write(self, content: Buffer) -> None:
        """Write content, all of it, and go on behind it."""
        with self._lock:
            if self.fd < 0:
                raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
            written = os.write(self.fd, content)
            while written < len(content):
                content = memoryview(content)[written:]
                written = os.write(self.fd, content)

    def seek(self, position: int) -> None:
        """Go on at another position."""
        with self._lock:
            os.lseek(self.fd, position, os.SEEK_SET)

    def cut(self, size: int) -> None:
        """Give the file a length, which ends in a hole if it was shorter."""
        with self._lock:
            os.ftruncate(self.fd, size)

    def place(
        self,
        mode: int,
        mtime_ns: int | None,
        *,
        sync: bool,
        finish: Finisher | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Put the file in place, with permissions (no setuid, setgid or sticky bit) and time (None: now).

        Args:
            sync: its content shall be on the disk before the name is.
            finish: gives it what else it gets.
            elsewhere: its name has to be free; if it is not, this is called.
        """
        with self._lock:
            fd = self.fd
            if fd < 0:
                raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
            settle(fd, mode, mtime_ns, finish)
            if sync:
                os.fsync(fd)
            rename(self._directory, self._name, self._target, elsewhere)
            self.fd = -1
            os.close(fd)

    def give_up(self) -> int:
        """Hand the part over, with its lock, to another transfer, if nobody waits for it here; -1 if somebody does."""
        with self._lock:
            if self.fd < 0 or not self._forsaken or not self._forsaken():
                return -1
            fd, self.fd = self.fd, -1
            return fd

    def leave(self) -> None:
        """Leave what was written to the next try, if that can find it."""
        if self._name != part_name(self._target):
            self.discard()
        elif self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def discard(self) -> None:
        """Remove what was written. After place() or leave() nothing happens."""
        if self.fd < 0:
            return
        try:
            os.unlink(self._name, dir_fd=self._directory)
        except OSError:
            pass  # the directory is gone, or somebody was faster
        os.close(self.fd)
        self.fd = -1


def settle(fd: int, mode: int, mtime_ns: int | None, finish: Finisher | None) -> None:
    """Set permissions and time (None: now) of what is about to get its name."""
    os.fchmod(fd, (finish(fd, mode) if finish else mode & 0o777))
    if mtime_ns is not None:
        os.utime(fd, ns=(time.time_ns(), mtime_ns))


def _claim(directory: int, target: bytes, claimed: int) -> tuple[int, bytes, int]:
    """Open a part that is ours alone; give its descriptor, its name and how long it is."""
    name = part_name(target)
    if claimed >= 0:
        if lock(claimed, directory, name):
            return claimed, name, os.fstat(claimed).st_size
        os.close(claimed)  # it has been removed or replaced, by whoever minds no locks
    try:
        fd = os.open(name, _CREATE, 0o600, dir_fd=directory)
    except FileExistsError:
        fd = adopt(directory, name)
        if fd >= 0:
            return fd, name, os.fstat(fd).st_size
        return *_create(directory), 0
    try:
        if lock(fd, directory, name):
            return fd, name, 0
    except OSError:  # a file system without locks: then nobody may find the part
        os.unlink(name, dir_fd=directory)
    os.close(fd)
    return *_create(directory), 0


def _create(directory: int) -> tuple[int, bytes]:
    """Make a part that nobody goes on with, locked so that nobody removes it either."""
    for _ in range(_TRIES):
        name = part_name()
        try:
            fd = os.open(name, _CREATE, 0o600, dir_fd=directory)
        except FileExistsError:
            continue
        with suppress(OSError):  # a file system without locks
            lock(fd, directory, name)
        return fd, name
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
