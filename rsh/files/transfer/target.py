"""Where a transfer goes: cp(1)'s rules, decided at the receiver.

An existing directory takes the sources in; otherwise a single source gets the target's name, and keeps it if the copy
was interrupted and is made again; several sources to what is no directory are refused. A symlink that the user names
is followed to a directory, and to the regular file that is then replaced, as cp does; symlinks further down never are.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from rsh.errors import FileError, error_name
from rsh.files.disk.descent import DIRECTORY_FLAGS
from rsh.files.disk.names import is_component, join
from rsh.files.disk.unfinished import is_unfinished

_FOLLOWING: Final = DIRECTORY_FLAGS & ~os.O_NOFOLLOW


class Target:
    """The place that gets the sources. Owns the descriptor until somebody takes it.

    Attributes:
        fd: the directory that the sources, or the one source, go into.
        name: what the one source is to be called; None when sources keep their names.
        path: as the user named it.

    Args:
        single: there is one source only.
    """

    def __init__(
        self, fd: int, name: bytes | None, path: bytes, *, directory_only: bool = False, single: bool = True
    ) -> None:
        self.fd = fd
        self.name = name
        self.path = path
        self._single = single
        self._directory_only = directory_only  # "new/": fine for a tree, not for a file

    def is_begun(self, source: bytes) -> bool:
        """Tell whether the directory that is there is what an interrupted copy of this very source has made."""
        return self.name is None and self._single and is_unfinished(self.fd, source)

    def name_for(self, source: bytes, *, directory: bool = False) -> bytes:
        """Give the name that a source gets. Raises OSError when it has to be a directory and is none."""
        if self.name is None:
            return source
        if self._directory_only and not directory:
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return self.name

    def shown(self, name: bytes) -> bytes:
        """Give the path, as the user would write it, of a source that gets `name`."""
        return join(self.path, name) if self.name is None else self.path


def open_target(path: bytes, sources: int, *, directory: bytes = b"") -> Target:
    """Find out where sources go.

    Args:
        path: as the user named it; b"" is the directory.
        sources: how many.
        directory: where a relative path starts; b"" is the process's.

    Raises:
        FileError: ENOTDIRTARGET for several sources and no directory, ESPECIAL, or what the system says.
    """
    where = join(directory, path) or b"."
    shown = (path.removesuffix(b"/.") or b"/") if path.endswith(b"/.") else path
    try:
        return _open(where, shown or b".", sources)
    except OSError as error:
        raise FileError(error_name(error), shown) from error


def _open(where: bytes, path: bytes, sources: int) -> Target:
    try:
        mode = os.stat(where).st_mode
    except FileNotFoundError:
        mode = 0
    if stat.S_ISDIR(mode):
        return Target(os.open(where, _FOLLOWING), None, path, single=sources == 1)
    if mode and not stat.S_ISREG(mode):
        raise FileError("ESPECIAL", path)
    if sources != 1:
        raise FileError("ENOTDIRTARGET", path)
    above, _, name = where.rstrip(b"/").rpartition(b"/")
    if not is_component(name):
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    above = above or (b"/" if where.startswith(b"/") else b".")
    return Target(os.open(above, _FOLLOWING), name, path, directory_only=where.endswith(b"/"))


def open_behind(fd: int, name: bytes) -> tuple[int, bytes] | None:
    """Follow a symlink that the user named to the regular file that is to be replaced.

    Returns:
        A descriptor of that file's directory, to be closed, and its name; None when `name` is no link to a file.

    Raises:
        OSError: the directory cannot be opened.
    """
    try:
        link = stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
        regular = link and stat.S_ISREG(os.stat(name, dir_fd=fd).st_mode)
    except FileNotFoundError:
        return None
    if not regular:
        return None
    path = os.path.realpath(b"/proc/self/fd/%d/%s" % (fd, name))
    above, _, base = path.rpartition(b"/")
    return os.open(above or b"/", DIRECTORY_FLAGS), base
