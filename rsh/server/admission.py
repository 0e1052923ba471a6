"""How many may be inside at once, in all and from one address. Whoever is too many waits a moment for a turn."""

from __future__ import annotations

import threading
from collections import Counter

from rsh.session.deadline import Deadline


class Admission:
    """A limited number of places.

    Attributes:
        total: places in all.
        per_address: places for one address.
        patience: seconds that `enter` waits for a place.
    """

    def __init__(self, total: int, per_address: int, patience: float) -> None:
        self.total = total
        self.per_address = per_address
        self.patience = patience
        self._inside: Counter[str] = Counter()  # guarded by _left
        self._count = 0
        self._left = threading.Condition()

    def enter(self, address: str) -> bool:
        """Take a place, waiting for one if need be; False when none came free in time."""
        deadline = Deadline(self.patience)
        with self._left:
            while self._count >= self.total or self._inside[address] >= self.per_address:
                if deadline.expired:
                    if not self._inside[address]:
                        del self._inside[address]
                    return False
                self._left.wait(deadline.left())
            self._count += 1
            self._inside[address] += 1
            return True

    def leave(self, address: str) -> None:
        """Give a place back."""
        with self._left:
            self._count -= 1
            self._inside[address] -= 1
            if not self._inside[address]:
                del self._inside[address]
            self._left.notify_all()

    def __len__(self) -> int:
        return self._count
