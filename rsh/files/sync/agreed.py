"""The deletions that somebody has seen and agreed to: a sync that was asked about deletes these and nothing else."""

from __future__ import annotations

import os

from xxhash import xxh3_64_intdigest


class Agreed:
    """A set of paths from the top of a target, directories with a slash at their ends. Only their digests are kept."""

    def __init__(self) -> None:
        self._seed = int.from_bytes(os.urandom(8), "big")  # so that nobody can make a path that is taken for another
        self._digests: set[int] = set()

    def add(self, path: bytes) -> None:
        """Add a path that was shown."""
        self._digests.add(xxh3_64_intdigest(path, self._seed))

    def __contains__(self, path: object) -> bool:
        return isinstance(path, bytes) and xxh3_64_intdigest(path, self._seed) in self._digests

    def __len__(self) -> int:
        return len(self._digests)
