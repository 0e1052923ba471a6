"""What happens where a file is to get a name that another one has: decided at the target, without asking anybody.

`ask` is no exception: the questions were asked before, about what a rehearsal found, and the answers came along. What
appeared since then is left as it is.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from enum import Enum
from functools import partial
from typing import Final

from rsh.errors import FileError, UsageError
from rsh.files.disk.names import is_component
from rsh.files.disk.part_names import part_name
from rsh.files.disk.vacant import Elsewhere

POLICIES: Final = ("overwrite", "skip", "newer", "rename", "backup", "ask", "fail")

# Names tried for `rename` before we give up: a directory with more copies of one file is a mistake.
_TRIES: Final = 10_000


class Action(Enum):
    """What comes of one file."""

    CREATE = "create"
    REPLACE = "replace"
    SKIP = "skip"
    RENAME = "rename"
    BACKUP = "backup"
    CONFLICT = "conflict"


_ALWAYS: Final = {
    "overwrite": Action.REPLACE,
    "skip": Action.SKIP,
    "rename": Action.RENAME,
    "backup": Action.BACKUP,
    "fail": Action.CONFLICT,
}


class Conflicts:
    """The policy of one transfer.

    Args:
        policy: one of POLICIES; anything else is a UsageError.
        agreed: for `ask`: paths, as the target shows them, that may be replaced.
    """

    def __init__(self, policy: str = "overwrite", agreed: Sequence[bytes] = ()) -> None:
        if policy not in POLICIES:
            raise UsageError(f"unknown policy {policy[:40]!r}: choose from {', '.join(POLICIES)}")
        self._policy = policy
        self._agreed = frozenset(agreed)

    def judge(self, there: os.stat_result, mtime_ns: int, shown: bytes) -> Action:
        """Decide about a file that is there already.

        Args:
            mtime_ns: of the one that comes.
            shown: the path as the user would write it.
        """
        if self._policy == "newer":
            return Action.REPLACE if mtime_ns > there.st_mtime_ns else Action.SKIP
        if self._policy == "ask":
            return Action.REPLACE if shown in self._agreed else Action.SKIP
        return _ALWAYS[self._policy]

    def settle(self, fd: int, name: bytes, there: os.stat_result, mtime_ns: int, shown: bytes) -> bytes:
        """Give the name that the file gets instead of or in the place of the one that is there.

        Raises:
            FileError: ESKIPPED or ECONFLICT. OSError: no backup could be made, no name is free.
        """
        action = self.judge(there, mtime_ns, shown)
        if action is Action.SKIP:
            raise FileError("ESKIPPED", shown)
        if action is Action.CONFLICT:
            raise FileError("ECONFLICT", shown)
        if action is Action.RENAME:
            return free_name(fd, name)
        if action is Action.BACKUP:
            _back_up(fd, name)
        return name

    @property
    def careful(self) -> bool:
        """Tell whether a file may be in the way: whether elsewhere() has something to say."""
        return self._policy != "overwrite"

    def elsewhere(self, fd: int, name: bytes, shown: bytes) -> Elsewhere:
        """Give what is to be done when a name that was free is taken by the time the file is whole.

        With `backup` the other file becomes the backup; with all others but `rename` it stays and ours is given up.
        """
        return partial(self._taken, fd, name, shown)

    def _taken(self, fd: int, name: bytes, shown: bytes) -> bytes:
        if self._policy == "rename":
            return free_name(fd, name)
        if self._policy == "backup":
            _move_away(fd, name)
            return name
        raise FileError("ECONFLICT" if self._policy == "fail" else "ESKIPPED", shown)


def free_name(fd: int, name: bytes) -> bytes:
    """Give a name like this one that no file has: `a.txt` becomes `a.1.txt`, `a.2.txt` ... Raises OSError."""
    stem, dot, suffix = name.rpartition(b".")
    if not stem:
        stem, dot, suffix = name, b"", b""
    for number in range(1, _TRIES):
        candidate = b"%s.%d%s%s" % (stem, number, dot, suffix)
        if not is_component(candidate):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        try:
            os.stat(candidate, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return candidate
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))


def _back_up(fd: int, name: bytes) -> None:
    """Give the old file the name `NAME~` as well, in the place of an older backup; it keeps its own until replaced."""
    backup, link = _backup_name(name), part_name()
    os.link(name, link, src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)
    try:
        os.rename(link, backup, src_dir_fd=fd, dst_dir_fd=fd)
    finally:
        try:
            os.unlink(link, dir_fd=fd)  # rename(2) does nothing when both were the same file already
        except FileNotFoundError:
            pass


def _move_away(fd: int, name: bytes) -> None:
    """Make a backup of a file that appeared meanwhile."""
    os.rename(name, _backup_name(name), src_dir_fd=fd, dst_dir_fd=fd)


def _backup_name(name: bytes) -> bytes:
    backup = name + b"~"
    if not is_component(backup):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    return backup
