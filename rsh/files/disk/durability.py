"""When what was received has to be on the disk.

`auto`: a single file and every large one before it gets its name, the rest of a tree by one sync at the end. `file`:
every file before it gets its name. `none`: whenever the kernel sees fit. Replacing is atomic in all of them; the choice
is about a power cut.
"""

from __future__ import annotations

import os
from typing import Final

from rsh.errors import UsageError

POLICIES: Final = ("auto", "none", "file")

# An fsync costs milliseconds whatever the size; from here on writing the content takes longer than that.
LARGE: Final = 8 * 1024 * 1024


class Durability:
    """The policy of one transfer.

    Args:
        policy: one of POLICIES; anything else is a UsageError.
    """

    def __init__(self, policy: str = "auto") -> None:
        if policy not in POLICIES:
            raise UsageError(f"unknown durability {policy[:40]!r}: choose from {', '.join(POLICIES)}")
        self._policy = policy
        self._owed = False  # something was put in place that is not on the disk yet

    def before_placing(self, size: int, *, single: bool) -> bool:
        """Tell whether a file of `size` bytes has to be synced by itself."""
        now = self._policy == "file" or (self._policy == "auto" and (single or size >= LARGE))
        self._owed = self._owed or not now
        return now

    def finish(self, directory: int, *, single: bool) -> None:
        """Sync what is owed: the names, and the content not yet synced, on the target's file system. Raises OSError."""
        if self._policy == "none":
            return
        if single and not self._owed:
            os.fsync(directory)
            return
        _sync_file_system(directory)


def _sync_file_system(fd: int) -> None:
    """Call syncfs(2), which os lacks; where libc lacks it too, sync(2)."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        os.sync()
    elif libc.syncfs(fd) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
