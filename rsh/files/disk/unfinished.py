"""Marks a directory that a copy has made under a name of its own and is still filling.

By the rules of cp(1) the same copy, run again, would find the directory there and go into it. With the mark it goes on
with what it has begun. The mark looks like a part, which no copy takes along, and no part is ever called like it.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import Final

from xxhash import xxh32_hexdigest

from rsh.files.disk.leftovers import SAFE

_MAKE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFE


def mark_unfinished(directory: int, source: bytes) -> None:
    """Mark a directory as what a source of that name is being copied to. Failing is no error."""
    with suppress(OSError):
        fd = os.open(_mark(source), _MAKE, 0o600, dir_fd=directory)
        try:
            os.write(fd, source)
        finally:
            os.close(fd)


def is_unfinished(directory: int, source: bytes) -> bool:
    """Tell whether a directory is what a copy of ours, of a source of that name, has begun to fill."""
    try:
        fd = os.open(_mark(source), os.O_RDONLY | SAFE, dir_fd=directory)
    except OSError:
        return False
    try:
        status = os.fstat(fd)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        return ours and os.read(fd, len(source) + 1) == source
    except OSError:
        return False
    finally:
        os.close(fd)


def unmark_unfinished(directory: int, source: bytes) -> None:
    """Take the mark away: all has arrived that will."""
    with suppress(OSError):
        os.unlink(_mark(source), dir_fd=directory)


def _mark(source: bytes) -> bytes:
    return b".rsh-%b.part" % xxh32_hexdigest(b"/" + source).encode()
