"""What was sent and not yet acknowledged. Resume is arithmetic on two counters.

Frames are numbered by counting them, per direction, from 0. The sender keeps each until an acknowledgement covers it;
after a new stream came up, the receiver names the next number it expects and everything from there is sent again.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from rsh.errors import ProtocolError
from rsh.protocol.frames import Buffer

# At this many frames nothing new is sent until some are acknowledged. A receiver acknowledges every 64 frames at the
# latest, so this bounds only what a peer that acknowledges nothing can make us keep.
MAX_UNACKNOWLEDGED: Final = 16384

# The same in bytes, 96 MiB: what an honest receiver's windows may have grown on one link, and half of that again.
MAX_UNACKNOWLEDGED_BYTES: Final = 96 * 1024 * 1024


class Replay:
    """The numbered frames of one direction that may have to be sent again, each as a tuple of buffers.

    Attributes:
        sent: how many frames were sent in all: the number of the next one.
        sent_bytes: what they measure together.
        bytes: what is kept of it: sent and not yet acknowledged.
    """

    __slots__ = ("_frames", "_retired", "bytes", "sent", "sent_bytes")

    def __init__(self) -> None:
        self.sent = 0
        self._retired = 0  # frames below this number are acknowledged and forgotten
        self._frames: deque[tuple[Buffer, ...]] = deque()
        self.bytes = 0
        self.sent_bytes = 0

    @property
    def full(self) -> bool:
        """Whether nothing new may be sent until something is acknowledged."""
        return len(self._frames) >= MAX_UNACKNOWLEDGED or self.bytes >= MAX_UNACKNOWLEDGED_BYTES

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self.bytes

    def append(self, frame: tuple[Buffer, ...]) -> None:
        """Keep a frame that is being sent."""
        self._frames.append(frame)
        size = sum(map(len, frame))
        self.bytes += size
        self.sent_bytes += size
        self.sent += 1

    def acknowledge(self, count: int) -> None:
        """Forget the frames numbered below `count`; an old acknowledgement is ignored.

        Raises:
            ProtocolError: it covers frames that were never sent.
        """
        if count > self.sent:
            raise ProtocolError("acknowledgement of what was never sent")
        while self._retired < count:
            self.bytes -= sum(map(len, self._frames.popleft()))
            self._retired += 1

    def since(self, expected: int) -> list[tuple[Buffer, ...]]:
        """Give the frames to send again when the peer expects number `expected`, which also acknowledges those before.

        Raises:
            ProtocolError: the peer expects what was never sent, or what it had acknowledged already.
        """
        if expected < self._retired:
            raise ProtocolError("asked to replay what was acknowledged")
        self.acknowledge(expected)
        return list(self._frames)

    def __len__(self) -> int:
        return len(self._frames)
