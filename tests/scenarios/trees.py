"""Trees for scenarios: made, and described by what has to survive a copy."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path


def described(root: Path) -> dict[bytes, tuple[object, ...]]:
    """Describe a tree: kind, mode, mtime, content or target of all that is in it."""
    found: dict[bytes, tuple[object, ...]] = {}
    base = os.fsencode(root)
    for folder, directories, files in os.walk(base):
        for name in directories + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content: object = None
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, base)] = (status.st_mode, status.st_mtime_ns, content)
    return found


def failures_told(said: str) -> list[str]:
    """Give the lines that a copy has said about several failures, without the last one, which sums them up."""
    *named, sum_up = said.splitlines()
    found = re.fullmatch(r"rsh: \w+: (\d+) failed, \d+ files? arrived", sum_up)
    assert found and int(found[1]) == len(named), said
    return named
