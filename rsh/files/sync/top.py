"""The top of a sync's target: opens by their paths the files below it that the source names."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable

from rsh.errors import FileError, ProtocolError
from rsh.files.disk.descent import DIRECTORY_FLAGS
from rsh.files.disk.filter import Filter
from rsh.files.disk.names import check_component
from rsh.files.transfer.items import READ_FLAGS


class Top:
    """The directory, once it is there. Each step below it is opened without following a symlink.

    Attributes:
        fd: its descriptor; -1 before open().
        only: name of the one file of this sync, and the only path that may be named; b"" for a tree.

    Args:
        final: gives the name that the one file has here.
        only: what is not left out; the source was not told of the rest, and may not name it.

    Raises:
        ProtocolError: from above() and file(): no such path may be named.
        OSError, FileError: from these: there is no such directory, or no regular file.
    """

    def __init__(self, final: Callable[[bytes], bytes], only: Filter | None = None) -> None:
        self.fd = -1
        self.only = b""
        self._final = final
        self._filter = only

    def open(self, directory: int) -> None:
        """Begin, with a descriptor of our own."""
        self.fd = os.open(b".", DIRECTORY_FLAGS, dir_fd=directory)

    def above(self, path: bytes) -> tuple[int, bytes]:
        """Open the directory above a path, step by step; give it, to be closed, and the name in it."""
        *above, name = path.split(b"/")
        for each in (*above, name):
            check_component(each)
        if self.fd < 0:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        if self.only:
            if path != self.only:
                raise ProtocolError("a path in a sync of one file")
            name = self._final(name)
        self._check_above(above)
        fd = os.dup(self.fd)
        for each in above:
            try:
                below = os.open(each, DIRECTORY_FLAGS, dir_fd=fd)
            finally:
                os.close(fd)
            fd = below
        return fd, name

    def file(self, path: bytes) -> int:
        """Open a regular file for reading."""
        above, name = self.above(path)
        try:
            self.check(path)
            return open_regular(above, name)
        finally:
            os.close(above)

    def check(self, path: bytes, *, directory: bool = False) -> None:
        """Raise ProtocolError for a path that is left out, if above() has let it pass."""
        if self._filter is not None and not self.only and not self._filter.keeps(path, directory=directory):
            raise ProtocolError("a path that was left out")

    def _check_above(self, names: list[bytes]) -> None:
        if self._filter is not None:
            for count in range(1, len(names) + 1):
                self.check(b"/".join(names[:count]), directory=True)

    def close(self) -> None:
        """Close; closing twice is no error."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def open_regular(directory: int, name: bytes) -> int:
    """Open a regular file for reading. Raises OSError, FileError."""
    fd = os.open(name, READ_FLAGS, dir_fd=directory)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise FileError("ESPECIAL", name)
    return fd
