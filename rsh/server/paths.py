"""What a path from the wire must be before a system call sees it."""

from __future__ import annotations

from typing import Final

from rsh.errors import Code, Refused
from rsh.protocol.requests import Request

# The fields of requests that hold paths.
ONE: Final = ("directory", "path", "target", "word")
MANY: Final = ("paths", "sources")


def check_paths(request: Request) -> None:
    """Raise Refused when a path holds a NUL: no file has such a name, and Python calls it a bug of its caller."""
    paths = [getattr(request, name, b"") for name in ONE]
    for name in MANY:
        paths += getattr(request, name, ())
    if any(b"\0" in path for path in paths):
        raise Refused(Code.FILE, "EINVAL")
