"""Which files of the target may be new files of the source under an old name: those the source has not, by their size.

The digest decides. It is asked for only of files of the very size, the likeliest first, and once for each.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import Final

# Files that are remembered: about 20 MB.
_MOST: Final = 100_000

_ASKED_AT_ONCE: Final = 3  # for one new file


class Renames:
    """What is known of the target's leftover files.

    Args:
        ask: asks the target for the digest of a file.
        answer: waits for the next digest, in the order of the questions; b"" for none.
    """

    def __init__(self, ask: Callable[[bytes], None], answer: Callable[[], bytes]) -> None:
        self._ask = ask
        self._answer = answer
        self._by_size: dict[int, list[tuple[bytes, int]]] = {}  # size -> paths and times
        self._count = 0
        self._digests: dict[bytes, bytes] = {}  # of those that were asked for; b"" till the answer is here
        self._asked: deque[bytes] = deque()  # whose answers have yet to come

    def add(self, path: bytes, size: int, mtime_ns: int) -> None:
        """Remember a file that only the target has."""
        if self._count < _MOST:
            self._count += 1
            self._by_size.setdefault(size, []).append((path, mtime_ns))

    def prepare(self, path: bytes, status: os.stat_result) -> None:
        """Ask for what find() will need to know of a new file."""
        for candidate in self._likely(path, status):
            if candidate not in self._digests:
                self._digests[candidate] = b""
                self._asked.append(candidate)
                self._ask(candidate)

    def find(self, path: bytes, status: os.stat_result, digest: Callable[[], bytes]) -> tuple[bytes, bytes]:
        """Give the file of the target that has a new file's content, and their digest; two times b"" for none.

        Args:
            digest: reads the new file; called only if there is something to compare.
        """
        candidates = self._likely(path, status)
        while any(candidate in self._asked for candidate in candidates):
            asked = self._asked.popleft()
            self._digests[asked] = self._answer()
        known = {self._digests.get(candidate, b""): candidate for candidate in reversed(candidates)}
        known.pop(b"", None)
        ours = digest() if known else b""
        return (known[ours], ours) if ours in known else (b"", b"")

    def _likely(self, path: bytes, status: os.stat_result) -> list[bytes]:
        name = path.rpartition(b"/")[2]
        found = self._by_size.get(status.st_size, [])
        found = sorted(found, key=lambda each: (each[1] != status.st_mtime_ns, each[0].rpartition(b"/")[2] != name))
        return [path for path, _ in found[:_ASKED_AT_ONCE]]
