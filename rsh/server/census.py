"""Snapshots of all processes, shared by those who need one at the same time.

When a thousand sessions end at once, each with a command, there are thousands of processes to look at. If each of the
thousand looked for itself, again and again, they would not have ended within an hour.
"""

from __future__ import annotations

import threading

from rsh.holder.tree import Snapshot


class Census:
    """Takes snapshots, one at a time: whoever comes while one is being taken shares the next."""

    def __init__(self) -> None:
        self._begun = 0  # snapshots; written under the lock
        self._taking = threading.Lock()  # held while one is taken; guards _latest
        self._latest: Snapshot | None = None

    def take(self) -> Snapshot:
        """Give a snapshot that was begun after this was called. Raises OSError as Snapshot."""
        asked = self._begun
        with self._taking:
            if self._latest is None or self._begun == asked:
                self._begun += 1
                self._latest = None
                self._latest = Snapshot()
            return self._latest


census = Census()
