"""Giving a file a name that nobody may have: whoever was faster keeps his file (renameat2(2), RENAME_NOREPLACE)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final, TypeAlias

_NOREPLACE: Final = 1

# Of a file system or a kernel that cannot do it.
_UNABLE: Final = frozenset((errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP))

# Called when a name has been taken meanwhile: gives another one to try, or raises FileError.
Elsewhere: TypeAlias = Callable[[], bytes]


def rename(directory: int, old: bytes, new: bytes, elsewhere: Elsewhere | None) -> None:
    """Rename within a directory; over what is there already only if there is no `elsewhere`. Raises OSError."""
    while elsewhere is not None:
        try:
            _rename_to_nothing(directory, old, new)
            return
        except FileExistsError:
            new = elsewhere()
    os.rename(old, new, src_dir_fd=directory, dst_dir_fd=directory)


def _rename_to_nothing(directory: int, old: bytes, new: bytes) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    call = getattr(libc, "renameat2", None)  # glibc has it since 2.28
    if call is not None and call(directory, old, directory, new, _NOREPLACE) == 0:
        return
    number = errno.ENOSYS if call is None else ctypes.get_errno()
    if number not in _UNABLE:
        raise OSError(number, os.strerror(number))
    # A link fails as well where there is something. Killed in between, we leave a part that is the whole file.
    os.link(old, new, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    os.unlink(old, dir_fd=directory)
