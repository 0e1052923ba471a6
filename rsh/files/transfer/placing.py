"""Giving names to what needs no part: small files, symlinks, further names of a file. None of it is ever seen half."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from functools import cache
from typing import Final

from rsh.errors import FileError
from rsh.files.disk.leftovers import SAFE
from rsh.files.disk.part import Finisher, Part, settle
from rsh.files.disk.part_names import part_name
from rsh.files.disk.vacant import Elsewhere, rename

_NAMELESS: Final = os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC
_TRIES: Final = 100  # names beside a target
_AT_ONCE: Final = 16 * 1024 * 1024  # bytes copied by one call


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
        settle(fd, mode, mtime_ns, finish)
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


class Linked:
    """A file that gets a further name; held while it does.

    Args:
        directory: descriptor of its directory; ours from now on.
        size, mtime_ns: what the file has, if it is the one that is meant.

    Raises:
        OSError: it cannot be found; ENOLINK when it is another one.
    """

    def __init__(self, directory: int, name: bytes, size: int, mtime_ns: int) -> None:
        self.directory = directory
        self.name = name
        try:
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode) or (found.st_size, found.st_mtime_ns) != (size, mtime_ns):
                raise OSError(errno.ENOLINK, os.strerror(errno.ENOLINK))
        except OSError:
            os.close(directory)
            raise

    def __enter__(self) -> Linked:
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self.directory)


def place_link(directory: int, name: bytes, linked: Linked, elsewhere: Elsewhere | None = None) -> None:
    """Make `name` a hard link to a file, in the place of whatever file has that name.

    Where the file system has no hard links, or no more for that file, it is copied.

    Args:
        elsewhere: as Part.place.

    Raises:
        OSError: it cannot be linked and not be copied either.
    """
    try:
        _link(directory, name, linked, elsewhere)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EXDEV):
            raise
        _copy(directory, name, linked, elsewhere)


def _link(directory: int, name: bytes, linked: Linked, elsewhere: Elsewhere | None) -> None:
    def link(new: bytes) -> None:
        os.link(linked.name, new, src_dir_fd=linked.directory, dst_dir_fd=directory, follow_symlinks=False)

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


def _copy(directory: int, name: bytes, linked: Linked, elsewhere: Elsewhere | None) -> None:
    fd = os.open(linked.name, os.O_RDONLY | SAFE, dir_fd=linked.directory)
    try:
        part = Part(directory, name)
        try:
            while os.sendfile(part.fd, fd, None, _AT_ONCE):
                pass
            status = os.fstat(fd)
            part.place(stat.S_IMODE(status.st_mode), status.st_mtime_ns, sync=False, elsewhere=elsewhere)
        finally:
            part.discard()
    finally:
        os.close(fd)


def _beside(directory: int, name: bytes, make: Callable[[bytes], None]) -> bytes:
    """Make something beside `name`, and give what it is called."""
    for made in [part_name(name), *(part_name() for _ in range(_TRIES))]:
        try:
            make(made)
            return made
        except FileExistsError:
            continue
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))


@cache
def own_descriptors() -> int:
    """Give a descriptor of the directory of our own descriptors, opened once and for as long as we run."""
    return os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
