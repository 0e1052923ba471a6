"""A place below a top directory, held by descriptors: no path is ever resolved twice.

Each step down is opened relative to the descriptor above it and with O_NOFOLLOW, so nobody who swaps a directory for a
symlink meanwhile leads us out. Of a deep path only the last levels stay open; those above are opened again, step by
step from the top, and have to be the directories they were.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Final

DIRECTORY_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

# Descriptors kept: deeper trees are rare, and a daemon with many transfers must live with 1024 in all.
KEPT: Final = 16

# Deeper than any real tree: 200 levels are asked of us, and each one costs memory for its name.
MAX_DEPTH: Final = 4096


class Descent:
    """Where a walk stands. Owns its descriptors.

    Args:
        follow: go through symlinks to directories as well; for whoever was asked to.
    """

    def __init__(self, top: int, *, follow: bool = False) -> None:
        self._flags = DIRECTORY_FLAGS & ~os.O_NOFOLLOW if follow else DIRECTORY_FLAGS
        self.fd = top  # the current directory; -1 when it was lost, and every use of it fails
        self.names: list[bytes] = []  # from the top to the current directory
        self._open = [top]  # one for each level, the top first; -1 for those closed meanwhile
        self._identities: dict[int, tuple[int, int]] = {}  # level -> device, inode of those closed meanwhile

    @property
    def depth(self) -> int:
        """Levels below the top."""
        return len(self.names)

    def shared(self, names: Sequence[bytes]) -> int:
        """Tell how many levels another place below the top has in common with this one."""
        common = 0
        for ours, theirs in zip(self.names, names, strict=False):
            if ours != theirs:
                break
            common += 1
        return common

    def enter(self, name: bytes) -> None:
        """Step down. A symlink in that place is ELOOP or ENOTDIR, as any OSError of open."""
        if len(self.names) >= MAX_DEPTH:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        fd = os.open(name, self._flags, dir_fd=self.fd)
        self.names.append(name)
        self._open.append(fd)
        self.fd = fd
        level = len(self._open) - KEPT
        if level > 0 and self._open[level] >= 0:
            self._set_aside(level)

    def leave(self) -> None:
        """Step up. Raises OSError when the directory above was replaced meanwhile; then it is lost, and `fd` is -1."""
        fd = self._open.pop()
        if fd >= 0:
            os.close(fd)
        self.names.pop()
        self.fd = self._open[-1]
        if self.fd < 0:
            self._reopen()

    def open_below(self, names: Sequence[bytes]) -> int:
        """Open a directory by its names from the top on; the descriptor is the caller's. Raises OSError."""
        fd = os.dup(self._open[0])
        for name in names:
            above = fd
            try:
                fd = os.open(name, self._flags, dir_fd=above)
            finally:
                os.close(above)
        return fd

    def close(self) -> None:
        """Close all descriptors; closing twice is no error."""
        for fd in self._open:
            if fd >= 0:
                os.close(fd)
        self._open.clear()
        self.fd = -1

    def _set_aside(self, level: int) -> None:
        status = os.fstat(self._open[level])
        self._identities[level] = (status.st_dev, status.st_ino)
        os.close(self._open[level])
        self._open[level] = -1

    def _reopen(self) -> None:
        """Open the current directory and as many above it as are kept, all the way down from the top."""
        fd = self._open[0]
        keep_from = max(1, len(self._open) - KEPT // 2)
        for level in range(1, len(self._open)):
            above, kept = fd, level - 1 >= keep_from or level == 1
            try:
                fd = self._reopen_level(level, above)
            finally:
                if not kept:
                    os.close(above)
            if level >= keep_from:
                self._open[level] = fd
        self.fd = fd

    def _reopen_level(self, level: int, above: int) -> int:
        fd = os.open(self.names[level - 1], self._flags, dir_fd=above)
        status = os.fstat(fd)
        if self._identities.get(level) != (status.st_dev, status.st_ino):
            os.close(fd)
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return fd
