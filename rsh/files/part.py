"""A file on its way: written beside its target under another name, and renamed when it is whole.

Whoever is killed meanwhile leaves the old file or the new one, and at worst a `.NAME.rsh-XXXXXXXX.part`. That name
follows from the target's, so that the next try finds it, goes on with it or writes over it. A lock says whether its
writer lives; two who write the same file at once get in nobody's way, and the later one gets a name of chance. A small
file in a directory of our own has no name at all before it is whole.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from xxhash import xxh32_hexdigest

from rsh.errors import FileError
from rsh.files.vacant import Elsewhere, rename
from rsh.protocol.frames import Buffer

_SAFE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OPEN: Final = os.O_RDWR | _SAFE
_CREATE: Final = _OPEN | os.O_CREAT | os.O_EXCL
_NAMELESS: Final = os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC

# Names of chance need not be secret, O_EXCL decides; a start for each process makes a second try rare.
_numbers: Final = count(int.from_bytes(os.urandom(4), "big"))
_TRIES: Final = 100

_AT_ONCE: Final = 16 * 1024 * 1024  # bytes copied by one call

# Seconds after which nobody will go on with a part any more.
_FORGOTTEN: Final = 7 * 86400

_END: Final = b".rsh-%s.part"
_ROOM: Final = 255 - len(b"." + _END % b"XXXXXXXX")  # what is left of the longest file name


def part_name(target: bytes = b"") -> bytes:
    """Give the name that a part of `target` has; without one, a fresh name."""
    if target:
        return b".%b%b" % (target[:_ROOM], _END % xxh32_hexdigest(target).encode())
    return _END % (b"%08x" % (next(_numbers) & 0xFFFF_FFFF))


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

    Attributes:
        size: bytes that were there.
        fd: for reading what was there.

    Raises:
        OSError: from any method; then discard() it. ESTALE when another transfer has taken it over.
    """

    __slots__ = ("__weakref__", "_directory", "_forsaken", "_lock", "_name", "_target", "fd", "size")

    def __init__(
        self, directory: int, name: bytes, *, resume: bool = False, forsaken: Callable[[], bool] | None = None
    ) -> None:
        self._directory = directory
        self._target = name
        self._forsaken = forsaken
        self._lock = threading.Lock()  # held while `fd` is written to or taken over
        self.fd, self._name, self.size = _claim(directory, name)
        if forsaken:
            _left_alone[_identity(self.fd)] = self
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
        os.lseek(self.fd, position, os.SEEK_SET)

    def cut(self, size: int) -> None:
        """Give the file a length, which ends in a hole if it was shorter."""
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
            _settle(fd, mode, mtime_ns, finish)
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


# Parts that another transfer in this process may take over, by device and inode.
_left_alone: Final[WeakValueDictionary[tuple[int, int], Part]] = WeakValueDictionary()


def place_small(
    directory: int,
    name: bytes,
    content: bytes,
    mode: int,
    mtime_ns: int,
    *,
    sync: bool,
    finish: Finisher | None = None,
) -> bool:
    """Make a file of what is in memory where none of that name is, without a part.

    Returns:
        False, and nothing was done, when there is one, or the file system does not know files without a name.

    Raises:
        OSError: it could not be written.
    """
    try:
        fd = os.open(b".", _NAMELESS, 0o600, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT):
            return False
        raise
    try:
        written = os.write(fd, content) if content else 0
        if written < len(content):
            return False  # the part will say why
        _settle(fd, mode, mtime_ns, finish)
        if sync:
            os.fsync(fd)
        os.link(b"%d" % fd, name, src_dir_fd=own_descriptors(), dst_dir_fd=directory, follow_symlinks=True)
        return True
    except (FileExistsError, FileNotFoundError):  # there is one already; there is no /proc
        return False
    finally:
        os.close(fd)


def place_symlink(
    directory: int, name: bytes, target: bytes, mtime_ns: int, elsewhere: Elsewhere | None = None
) -> None:
    """Make a symlink, in the place of whatever file has that name; `elsewhere` as Part.place. Raises OSError."""
    try:
        os.symlink(target, name, dir_fd=directory)
        made = name
    except FileExistsError:
        made = _beside(directory, name, lambda part: os.symlink(target, part, dir_fd=directory))
    try:
        os.utime(made, ns=(time.time_ns(), mtime_ns), dir_fd=directory, follow_symlinks=False)
        if made is not name:
            rename(directory, made, name, elsewhere)
    except (OSError, FileError):
        os.unlink(made, dir_fd=directory)
        raise


def place_link(
    directory: int,
    name: bytes,
    source: int,
    source_name: bytes,
    expected: tuple[int, int],
    elsewhere: Elsewhere | None = None,
) -> None:
    """Make `name` a hard link to a file, in the place of whatever file has that name.

    Where the file system has no hard links, or no more for that file, it is copied.

    Args:
        expected: size and time of last change that the file has, if it is the one that is meant.
        elsewhere: as Part.place.

    Raises:
        OSError: ENOLINK when it is another one.
    """
    fd = os.open(source_name, os.O_RDONLY | _SAFE, dir_fd=source)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or (status.st_size, status.st_mtime_ns) != expected:
            raise OSError(errno.ENOLINK, os.strerror(errno.ENOLINK))
        try:
            _link(directory, name, source, source_name, elsewhere)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EXDEV):
                raise
            _copy(directory, name, fd, status, elsewhere)
    finally:
        os.close(fd)


def _link(directory: int, name: bytes, source: int, source_name: bytes, elsewhere: Elsewhere | None) -> None:
    def link(new: bytes) -> None:
        os.link(source_name, new, src_dir_fd=source, dst_dir_fd=directory, follow_symlinks=False)

    try:
        link(name)
        return
    except FileExistsError:
        made = _beside(directory, name, link)
    try:
        rename(directory, made, name, elsewhere)
    finally:
        try:
            os.unlink(made, dir_fd=directory)  # still there when both were links to one file (rename(2))
        except FileNotFoundError:
            pass


def _copy(directory: int, name: bytes, fd: int, status: os.stat_result, elsewhere: Elsewhere | None) -> None:
    part = Part(directory, name)
    try:
        while os.sendfile(part.fd, fd, None, _AT_ONCE):
            pass
        part.place(stat.S_IMODE(status.st_mode), status.st_mtime_ns, sync=False, elsewhere=elsewhere)
    finally:
        part.discard()


def remove_leftover(directory: int, name: bytes, before: float) -> None:
    """Remove a part whose writer is dead and that nobody has touched since `before`. Failing is no error."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if max(status.st_mtime, status.st_ctime) > before or status.st_uid != os.geteuid():
            return
        if stat.S_ISLNK(status.st_mode):
            os.unlink(name, dir_fd=directory)
            return
        fd = _adopt(directory, name)
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
            if name.endswith(".part") and is_part(name):
                remove_leftover(directory, os.fsencode(name), before)
    except OSError:
        pass  # what cannot be listed cannot be swept


def is_part(name: str) -> bool:
    """Tell whether a name is that of a part."""
    return name.endswith(".part") and name[-18:-13] == ".rsh-" and name.startswith(".")


def _settle(fd: int, mode: int, mtime_ns: int | None, finish: Finisher | None) -> None:
    os.fchmod(fd, (finish(fd, mode) if finish else mode & 0o777))
    if mtime_ns is not None:
        os.utime(fd, ns=(time.time_ns(), mtime_ns))


def _beside(directory: int, name: bytes, make: Callable[[bytes], None]) -> bytes:
    """Make something beside `name`, and give what it is called."""
    for made in [part_name(name), *(part_name() for _ in range(_TRIES))]:
        try:
            make(made)
            return made
        except FileExistsError:
            continue
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))


def _claim(directory: int, target: bytes) -> tuple[int, bytes, int]:
    """Open a part that is ours alone; give its descriptor, its name and how long it is."""
    name = part_name(target)
    try:
        fd = os.open(name, _CREATE, 0o600, dir_fd=directory)
    except FileExistsError:
        fd = _adopt(directory, name)
        if fd >= 0:
            return fd, name, os.fstat(fd).st_size
        return *_create(directory), 0
    try:
        if _lock(fd, directory, name):
            return fd, name, 0
    except OSError:  # a file system without locks: then nobody may find the part
        os.unlink(name, dir_fd=directory)
    os.close(fd)
    return *_create(directory), 0


def _create(directory: int) -> tuple[int, bytes]:
    """Make a part that nobody looks for."""
    for _ in range(_TRIES):
        name = part_name()
        try:
            return os.open(name, _CREATE, 0o600, dir_fd=directory), name
        except FileExistsError:
            continue
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))


def _adopt(directory: int, name: bytes) -> int:
    """Take a part over whose writer is dead: a plain file of ours, with one name, that nobody has locked; or -1."""
    try:
        fd = os.open(name, _OPEN, dir_fd=directory)
    except OSError:
        return -1
    try:
        status = os.fstat(fd)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_nlink == 1
        if ours and _lock(fd, directory, name):
            return fd
        other = _left_alone.get((status.st_dev, status.st_ino)) if ours else None
        if other and (taken := other.give_up()) >= 0:
            os.close(fd)
            os.lseek(taken, 0, os.SEEK_SET)
            return taken
    except OSError:
        pass  # a file system without locks
    os.close(fd)
    return -1


def _identity(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def _lock(fd: int, directory: int, name: bytes) -> bool:
    """Lock a part for as long as it is open, and make sure that it still is the part.

    Between opening and locking another one may have locked it, or have put it in place.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found, ours = os.stat(name, dir_fd=directory, follow_symlinks=False), os.fstat(fd)
    except (BlockingIOError, FileNotFoundError):
        return False
    return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)


@cache
def own_descriptors() -> int:
    """Give a descriptor of the directory of our own descriptors, opened once and for as long as we run."""
    return os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
