"""What a sync removes from its target: only what the source may name there, and what the user has agreed to lose.

The source says what it has not. Whether that is there, what it is, and whether it may go is found out here.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Container, Iterator
from typing import Final

from rsh.errors import FileError, error_name
from rsh.files.disk.descent import Descent
from rsh.files.disk.filter import Filter
from rsh.files.disk.leftovers import remove_leftover
from rsh.files.disk.names import join
from rsh.files.disk.tree import Step, walk
from rsh.files.sync.top import Top

# Bytes of the paths of parts that are remembered; what is beyond is left to the next run.
_ROOM_FOR_PARTS: Final = 1024 * 1024


class Deletions:
    """The deleting of one sync.

    Args:
        only: what is not left out; the rest stays, and so does a directory that holds some of it.
        agreed: what may go, directories with a slash at their ends; None for all.
    """

    def __init__(self, top: Top, only: Filter | None, agreed: Container[bytes] | None) -> None:
        self._top = top
        self._only = only
        self._agreed = agreed
        self._began = time.time()
        self._parts: list[bytes] = []  # of earlier transfers, by their paths; filled by the telling thread
        self._room = _ROOM_FOR_PARTS

    def shown(self, path: bytes) -> bytes:
        """Give a path that is to be deleted as the user sees it: with a slash if it is a directory.

        Raises:
            ProtocolError: it is none of those that the source may name. OSError: it is not there.
        """
        fd, name = self._top.above(path)
        try:
            directory = stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
        finally:
            os.close(fd)
        self._top.check(path, directory=directory)
        return path + b"/" if directory else path

    def remove(self, path: bytes) -> Iterator[FileError]:
        """Delete, leaving the time of the directory above as it was: it has its source's. Give what stays.

        Raises:
            ProtocolError, OSError: as shown(). FileError: nobody has agreed to it.
        """
        shown = self.shown(path)
        if self._agreed is not None and shown not in self._agreed:
            raise FileError("EUNASKED")
        fd, name = self._top.above(path)
        try:
            before = os.fstat(fd)
            if shown is not path:
                yield from self._remove_tree(path)
                self._remove_directory(fd, name)
            else:
                os.unlink(name, dir_fd=fd)
            os.utime(fd, ns=(before.st_atime_ns, before.st_mtime_ns))
        finally:
            os.close(fd)

    def note_part(self, path: bytes) -> None:
        """Take note of what an earlier transfer has left."""
        self._room -= len(path)
        if self._room >= 0:
            self._parts.append(path)

    def remove_leftovers(self) -> None:
        """Remove what earlier transfers have left: now that both are alike, nobody will go on with it."""
        for path in self._parts:
            try:
                fd, name = self._top.above(path)
            except OSError:
                continue  # gone, with all above it
            try:
                before = os.fstat(fd)
                remove_leftover(fd, name, self._began)
                os.utime(fd, ns=(before.st_atime_ns, before.st_mtime_ns))
            except OSError:
                pass  # somebody else's directory
            finally:
                os.close(fd)

    def _remove_tree(self, path: bytes) -> Iterator[FileError]:
        """Remove what is in a directory, never following a symlink, but for what is left out."""
        place = Descent(os.dup(self._top.fd))
        try:
            for name in path.split(b"/"):
                place.enter(name)
            for step, name, error in walk(place, self._only):
                try:
                    if step is Step.LEFT:
                        self._remove_directory(place.fd, name)
                    elif step is Step.UNREADABLE:
                        yield FileError(error, join(b"/".join(place.names), name))
                    elif step is not Step.DIRECTORY:
                        os.unlink(name, dir_fd=place.fd)
                except OSError as failed:
                    yield FileError(error_name(failed), join(b"/".join(place.names), name))
        finally:
            place.close()

    def _remove_directory(self, fd: int, name: bytes) -> None:
        """Remove a directory, unless it holds what is left out. Raises OSError."""
        try:
            os.rmdir(name, dir_fd=fd)
        except OSError as error:
            if self._only is None or error.errno != errno.ENOTEMPTY:
                raise
