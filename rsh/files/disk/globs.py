"""From what a user typed to paths: `~`, `~user` and patterns."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

from rsh.files.disk.names import has_magic, join

# A sign of a pattern that stands for itself.
_PROTECTED: Final = re.compile(rb"\[([*?[])\]")


def expand(patterns: Sequence[bytes], *, directory: bytes = b"") -> list[bytes]:
    """Expand home directories and patterns (`*`, `?`, `[...]`, `**`), in order.

    A name that exists is taken literally whatever signs are in it, and a pattern that matches nothing stays as it is,
    to be reported as missing by whoever uses it; one whose signs are all in brackets, as quoting makes them, is the
    name that it stands for. Hidden files have to be asked for with a leading dot.

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

    found = sorted(glob.glob(pattern, root_dir=directory or None, recursive=True))
    return found or [_PROTECTED.sub(rb"\1", pattern) if not has_magic(_PROTECTED.sub(b"", pattern)) else pattern]
