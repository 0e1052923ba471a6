"""How much bulk data may be under way, so that a keystroke does not wait behind it in the network's queues.

A link that only moves files fills every queue between both ends, which costs nobody anything. A link that also carries
a terminal must not: at 10 MB/s a router's queue of one megabyte is 100 ms of silence after each key. So, as long as an
interactive channel is open, bulk frames ask for their acknowledgement at once (HURRY), and this measures from them what
the path delivers and how long its round trip is without a queue. Bulk data then waits here, behind which nothing waits,
instead of there: no more of it is under way than the path delivers in one round trip and TARGET.

The idea is that of TCP Vegas, BBR and LEDBAT (RFC 6817); it stands above TCP because what waits in the buffers of the
kernel, of a tunnel or of a proxy is as much in the way. Arithmetic only: the caller brings the time.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from rsh.protocol.frames import MAX_DATA

# Seconds of queue that bulk data may make. Less than anybody feels, more than the jitter of two busy machines.
TARGET: Final = 0.010

# Bytes under way at the start, and at least: a few small frames, so that something is always measured.
INITIAL: Final = 64 * 1024
FLOOR: Final = 16 * 1024

# Bytes under way at most: what windows allow in all.
CEILING: Final = 64 * 1024 * 1024

# Seconds that one frame may keep the path busy, and the smallest one worth its header.
FRAME_TIME: Final = 0.004
SMALLEST_FRAME: Final = 4 * 1024

# Seconds after which the shortest round trip is looked for anew: the path may have changed. As BBR's.
MEMORY: Final = 10.0

# Frames whose acknowledgement is awaited; of more, none is measured.
MAX_MARKS: Final = 4096


class Pace:
    """The measure of one path, in one direction; a new stream gets a new one.

    Attributes:
        limit: bytes that may be under way when another bulk frame goes out.
        frame: bytes of the largest bulk frame now.
    """

    def __init__(self) -> None:
        self.limit = INITIAL
        self.frame = INITIAL // 4
        self._marks: deque[tuple[int, int, float]] = deque()  # bytes sent with it, delivered before it, when it went
        self._delivered = 0
        self._shortest = 0.0  # seconds of the shortest round trip; 0 is none yet
        self._shortest_at = 0.0
        self._growing = True  # no queue was seen yet: the limit doubles with each round
        self._drained = 0.0  # bytes a second before the path was drained; 0 unless it is
        self._limited = False  # something waited because of the limit in this round
        self._round_end = 0  # the round is over when this many bytes are delivered
        self._trip = 0.0  # its shortest round trip, in seconds
        self._rate = 0.0  # its best rate, in bytes a second

    @property
    def awaits(self) -> bool:
        """Whether a bulk frame is under way whose acknowledgement will come by itself."""
        return bool(self._marks)

    def waited(self) -> None:
        """Take note that bulk data waits because of the limit."""
        self._limited = True

    def sent(self, total: int, now: float) -> None:
        """Take note of a bulk frame that asked for its acknowledgement.

        Args:
            total: bytes sent so far on this link, with this frame.
            now: seconds, of any clock that only rises.
        """
        if not self._round_end:
            self._round_end = total + INITIAL  # the first burst is a queue of our own making
        if len(self._marks) < MAX_MARKS:
            self._marks.append((total, self._delivered, now))

    def delivered(self, total: int, now: float) -> None:
        """Take note that the first `total` bytes of the link were acknowledged."""
        mark = None
        while self._marks and self._marks[0][0] <= total:
            mark = self._marks.popleft()
        self._delivered = total
        if mark is None:
            return
        _, before, went = mark
        trip = max(now - went, 1e-6)
        self._trip = min(trip, self._trip or trip)
        self._rate = max((total - before) / trip, self._rate)
        if not self._shortest or trip < self._shortest:
            self._shortest, self._shortest_at = trip, now
        if total >= self._round_end:
            self._end_round(self._rate, self._trip - self._shortest, now)

    def _end_round(self, rate: float, queue: float, now: float) -> None:
        """Set the limit by what this round has shown.

        Args:
            rate: bytes a second that the path delivered, at best: a busy machine shows less, never more.
            queue: seconds that bulk data waited on its way, at least.
            now: seconds.
        """
        self.frame = min(MAX_DATA, max(SMALLEST_FRAME, int(rate * FRAME_TIME)))
        if queue > TARGET:
            self._growing = False
            self.limit = int(rate * (self._shortest + TARGET / 2))
        elif self._drained:
            self.limit = int(self._drained * (self._shortest + TARGET / 2))
            self._drained = 0.0
        elif self._limited and queue < TARGET / 2:
            self.limit = self.limit * 2 if self._growing else int(self.limit + min(rate * TARGET, self.limit / 4))
        if now - self._shortest_at > MEMORY:
            # Drained for a round, the path shows its round trip without our own queue.
            self._shortest, self._drained, self.limit = 0.0, rate, FLOOR
        self.limit = min(CEILING, max(FLOOR, self.limit))
        self._trip = self._rate = 0.0
        self._limited = False
        self._round_end = self._marks[-1][0] if self._marks else self._delivered
