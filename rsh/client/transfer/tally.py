"""What is known of a transfer while it runs: counted by its threads, read by whatever shows it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from rsh.errors import FileError, RshError
from rsh.files.transfer.report import Abandoned, Progress
from rsh.protocol.answer_records import Total
from rsh.session.condition import Condition

# The rate is that of the last so many seconds. A window rather than a decaying mean: what it shows stays put on a
# steady link, and a stall is forgotten after a while.
_WINDOW: Final = 15.0

# What an item costs beside its content, in bytes of content: without it the remaining time of a tree of small files
# after a large one would be far too short.
_ITEM: Final = 16 * 1024


class State(NamedTuple):
    """A transfer at one moment.

    Attributes:
        path: of the large file that is on its way; b"" for none.
        size, done: that file's, in bytes.
        bytes, items: moved, and dealt with.
        total: how much there is in all; None while nobody has counted.
        rate: bytes a second of late.
        seconds_left: None while it cannot be told.
        elapsed: seconds since the start.
        scanning: somebody is counting the total.
        lost: how the connection is, if there is none.
        retries: how often it was made again, or the transfer begun anew.
    """

    path: bytes
    size: int
    done: int
    bytes: int
    items: int
    total: Total | None
    rate: float
    seconds_left: float | None
    elapsed: float
    scanning: bool = False
    lost: Condition | None = None
    retries: int = 0

    @property
    def share(self) -> float | None:
        """Give how much of it all is done, 0 to 1; None while the total is not known."""
        if self.total is None or not self.total.complete:
            return None
        whole = _work(self.total.bytes, self.total.items)
        return min(1.0, _work(self.bytes, self.items) / whole) if whole else 1.0


def retries(state: State) -> str:
    """Say how often the connection was made again."""
    return f"{state.retries} {'retry' if state.retries == 1 else 'retries'}"


def _work(size: int, items: int) -> int:
    return size + items * _ITEM


class _Mark(NamedTuple):
    """How far it was at a moment."""

    time: float
    moved: int = 0  # bytes
    spent: int = 0  # work that took the link
    done: int = 0  # work, what was there already included


class Tally(Progress):
    """Counts what a transfer tells. Its methods never block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards everything below: two threads of the transfer call, and one that shows
        self._bytes = 0  # done: moved, or there already
        self._moved = 0  # of these, sent or received
        self._arrived: int | None = None  # of those sent, at the receiver; None: we are the receiver
        self._items = 0  # dealt with by the receiver
        self._there = 0  # bytes, of those done, that were there already: they tell nothing about the link
        self._alike = 0  # items that needed nothing
        self._path = b""
        self._size = 0
        self._begun = 0  # bytes moved before the current file
        self._total: Total | None = None
        self._scanning = False
        self._retries = 0
        self._start = time.monotonic()
        self._marks: deque[_Mark] = deque([_Mark(self._start)])  # of late
        self._abandoned: Abandoned | None = None  # raised by the next one who tells something
        self._large: deque[tuple[bytes, int]] = deque(maxlen=10_000)  # begun since take_started was called last

    def started(self, path: bytes, size: int) -> None:
        """Take note of a large file."""
        with self._lock:
            self._path, self._size, self._begun = path, size, self._bytes
            self._large.append((path, size))

    def moved(self, count: int) -> None:
        """Count bytes."""
        with self._lock:
            self._bytes += count
            self._moved += count
            if self._abandoned:
                raise self._abandoned

    def arrived(self, count: int) -> None:
        """Take how much of what we send has arrived: the rest is on its way, on a slow link for long."""
        with self._lock:
            self._arrived = count

    def reused(self, count: int) -> None:
        """Count bytes that are there already: they are done as well."""
        with self._lock:
            self._bytes += count
            self._there += count

    def passed(self, items: int, size: int) -> None:
        """Count items that are alike already: they are done as well."""
        with self._lock:
            self._alike += items
            self._bytes += size
            self._there += size

    def completed(self, items: int) -> None:
        """Take the number of items that have arrived."""
        with self._lock:
            self._items = items
            if self._abandoned:
                raise self._abandoned

    def abandon(self, why: Abandoned) -> None:
        """End the transfer: what it tells next raises this."""
        with self._lock:
            self._abandoned = why

    def restarted(self) -> None:
        """Count from the start again: the transfer begins anew, and tells what is there as moved."""
        with self._lock:
            self._retries += 1
            self._arrived = None
            self._bytes = self._moved = self._items = self._there = self._alike = self._size = self._begun = 0
            self._path = b""
            self._start = time.monotonic()
            self._marks = deque([_Mark(self._start)])

    def retried(self) -> None:
        """Count a connection that was made again."""
        with self._lock:
            self._retries += 1

    def failed(self, error: FileError) -> None:
        """Leave it to the list at the end."""

    def count(self, survey: Callable[[], Iterable[Total]]) -> None:
        """Take the totals of a survey, to its end; what goes wrong with it is the transfer's to tell."""
        with self._lock:
            self._scanning = True
        try:
            for total in survey():
                with self._lock:
                    self._total = total
        except RshError:
            pass
        finally:
            with self._lock:
                self._scanning = False

    def take_started(self) -> list[tuple[bytes, int]]:
        """Give path and size of the large files that were begun since this was called last."""
        with self._lock:
            taken = list(self._large)
            self._large.clear()
            return taken

    def state(self) -> State:
        """Give how it stands."""
        now = time.monotonic()
        with self._lock:
            here = self._mark(now)
            while len(self._marks) > 1 and self._marks[1].time <= now - _WINDOW:
                self._marks.popleft()
            since = self._marks[0]
            if now - self._marks[-1].time >= _WINDOW / 100:
                self._marks.append(here)
            span = max(now - since.time, 1e-6)
            moved = self._done()
            done = max(0, moved - self._begun)
            large = self._path if done < self._size else b""
            items = self._items + self._alike
            return State(
                bytes=moved,
                items=min(items, self._total.items) if self._total and self._total.complete else items,
                path=large,
                size=self._size,
                done=done,
                total=self._total,
                rate=(here.moved - since.moved) / span,
                seconds_left=self._left((here.spent - since.spent or here.done - since.done) / span),
                elapsed=now - self._start,
                scanning=self._scanning,
                retries=self._retries,
            )

    def _done(self) -> int:
        """Give the bytes that are done: what is still on its way is not."""
        return self._bytes if self._arrived is None else self._bytes - max(0, self._moved - self._arrived)

    def _mark(self, now: float) -> _Mark:
        done = self._done()
        moved = done - self._there
        return _Mark(now, moved, _work(moved, self._items), _work(done, self._items + self._alike))

    def _left(self, rate: float) -> float | None:
        if self._total is None or not self._total.complete or rate <= 0:
            return None
        if self._total.bytes and not self._done():  # what a few items took tells nothing about their content
            return None
        done = _work(self._done(), self._items + self._alike)
        return max(0, _work(self._total.bytes, self._total.items) - done) / rate
