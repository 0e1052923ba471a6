"""From what a user typed to paths: `~`, `~user` and patterns."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rsh.files.disk.names import has_magic, join


def expand(patterns: Sequence[bytes], *, directory: bytes = b"") -> list[bytes]:
    """Expand home directories and patterns (`*`, `?`, `[...]`, `**`), in order.

    A name that exists is taken literally whatever signs are in it, and a pattern that matches nothing stays as it is,
    to be reported as missing by whoever uses it. Hidden files have to be asked for with a leading dot.

    Args:
        directory: where relative patterns start; b"" is the process's. The results stay relative.
    """
    paths: list[bytes] = []
    for pattern in patterns:
        paths += _expand_one(expand_home(pattern), directory)
    return paths


def expand_home(path: bytes) -> bytes:
    """Replace a leading `~` or `~user`; an unknown user's stays as it is."""
    return os.path.expanduser(path) if path.startswith(b"~") else path


def _expand_one(pattern: bytes, directory: bytes) -> list[bytes]:
    if not has_magic(pattern) or os.path.lexists(join(directory, pattern)):
        return [pattern]
    import glob

    return sorted(glob.glob(pattern, root_dir=directory or None, recursive=True)) or [pattern]
