"""Names: what may be one component of a path, and which names a receiver has asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rsh.errors import ProtocolError

_DOTS: Final = (b".", b"..")
_MAGIC: Final = b"*?["


def is_component(name: bytes) -> bool:
    """Tell whether a name is one component that can be created: not empty, no dots alone, no `/`, no NUL, <= 255."""
    return 0 < len(name) <= 255 and b"/" not in name and b"\0" not in name and name not in _DOTS


def check_component(name: bytes) -> None:
    """Raise ProtocolError unless the peer's name is one component."""
    if not is_component(name):
        raise ProtocolError(f"not a file name: {name[:300]!r}")


def join(directory: bytes, name: bytes) -> bytes:
    """Join with one slash; an empty directory adds nothing, an absolute name stands for itself."""
    if not directory or name.startswith(b"/"):
        return name
    return directory + name if directory.endswith(b"/") else directory + b"/" + name


def has_magic(pattern: bytes) -> bool:
    """Tell whether a path can be meant as a pattern."""
    return any(sign in pattern for sign in _MAGIC)


class Asked:
    """What a receiver has asked for: a sender must not slip in other names at the top (CVE-2019-6111).

    Args:
        sources: paths and patterns as they were sent to the sender.
    """

    def __init__(self, sources: Sequence[bytes]) -> None:
        self._names: set[bytes] = set()
        self._patterns: list[bytes] = []
        self._unknown = 0  # home directories, whose names only the other side knows
        self._root = False
        for source in sources:
            self._add(source)

    def _add(self, source: bytes) -> None:
        base = source.rstrip(b"/").rpartition(b"/")[2]
        self._names.add(base)
        self._root = self._root or not base or base in _DOTS
        self._unknown += base.startswith(b"~") and base == source.rstrip(b"/")
        if has_magic(base):
            self._patterns.append(base)

    def allows(self, name: bytes) -> bool:
        """Tell whether a source of this name may come; one that does in the place of a home directory is known then.

        A hidden one has to be asked for with a leading dot, as when patterns are expanded: who copies `*` into his home
        directory is not given a .bashrc.
        """
        if name in self._names:
            return True
        import fnmatch

        hidden = name.startswith(b".")
        if any(
            fnmatch.fnmatchcase(name, pattern) and (not hidden or pattern.startswith(b"."))
            for pattern in self._patterns
        ):
            return True
        if not self._unknown:
            return False
        self._unknown -= 1
        self._names.add(name)
        return True

    def allows_root(self) -> bool:
        """Tell whether a source without a name may come."""
        return self._root
