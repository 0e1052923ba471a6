"""Numbers that rise, mostly one by one, kept as runs of them: a million may take no room at all."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

# Runs that are kept: 8 MB. Beyond it every number counts as one of them.
MAX_RUNS: Final = 50_000


class Runs:
    """A set of rising numbers."""

    __slots__ = ("_ends", "_full", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []  # one behind the last of each run
        self._full = False

    def add(self, number: int) -> None:
        """Add a number. One that is not above all others is not taken in."""
        last = self._ends[-1] if self._ends else -1
        if number == last:
            self._ends[-1] += 1
        elif number > last and len(self._starts) < MAX_RUNS:
            self._starts.append(number)
            self._ends.append(number + 1)
        elif number > last:
            self._full = True

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return self._full or (at >= 0 and number < self._ends[at])

    def __bool__(self) -> bool:
        return bool(self._starts)
