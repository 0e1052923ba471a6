"""Where a sparse file has data, and how to make a hole where there was some (lseek(2), fallocate(2))."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Final

# Of fallocate(2), which os lacks.
_KEEP_SIZE: Final = 1
_PUNCH_HOLE: Final = 2

# A shorter hole is not worth a record of its own: no file system keeps one below its block size anyway.
SMALLEST_HOLE: Final = 4096

_ZEROS: Final = bytes(256 * 1024)


def data_ranges(fd: int, status: os.stat_result) -> Iterator[tuple[int, int]]:
    """Give the ranges of a file, each with its end, that are not known to be holes. Raises OSError.

    A file that occupies what it is long is not asked: the question costs as much as reading a small part of it.
    """
    size = status.st_size
    if status.st_blocks * 512 >= size:
        yield 0, size
        return
    position = 0
    while position < size:
        try:
            start = os.lseek(fd, position, os.SEEK_DATA)
            position = min(size, os.lseek(fd, start, os.SEEK_HOLE))
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole from here on
                return
            if error.errno != errno.EINVAL:  # a file system without holes
                raise
            start, position = position, size
        if start >= position:  # cut short meanwhile; the reader will notice
            return
        yield start, position


def make_hole(fd: int, start: int, length: int) -> None:
    """Make a range that may hold data read as zeros, by a hole where the file system has them. Raises OSError."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    punch = getattr(libc, "fallocate64", None) or getattr(libc, "fallocate", None)
    if punch is not None:
        offset, count = ctypes.c_int64(start), ctypes.c_int64(length)
        if punch(fd, _PUNCH_HOLE | _KEEP_SIZE, offset, count) == 0:
            return
    while length:
        written = os.pwrite(fd, _ZEROS[: min(length, len(_ZEROS))], start)
        start, length = start + written, length - written
