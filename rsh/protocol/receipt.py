"""What has arrived, and when the peer is told so: its replay is kept until then.

An acknowledgement of its own is half of all frames where keys and lines go to and fro. So it goes out by itself only
after many frames or bytes, and rides along with something else after fewer; where little waits for it, it can wait for
a Pong.
"""

from __future__ import annotations

from typing import Final

from rsh.protocol.frames import DATA, Flags, Frame

# It goes out by itself after so many frames or bytes; and after fewer it rides along.
ACK_FRAMES: Final = 64
ACK_BYTES: Final = 2 * 1024 * 1024
RIDE_FRAMES: Final = 16
RIDE_BYTES: Final = 16 * 1024

_HURRY: Final = Flags.HURRY


class Receipt:
    """The numbered frames that have arrived on one link.

    Attributes:
        count: how many, which is the number of the next one expected.
    """

    __slots__ = ("_bytes", "_credited", "_hurry", "_told", "count")

    def __init__(self) -> None:
        self.count = 0
        self._told = 0  # the count that the peer knows
        self._bytes = 0  # of data that have arrived since
        self._hurry = False  # the peer wants to know now
        self._credited = False  # a Credit goes out, and none may before what it is given for is acknowledged

    def arrived(self, frame: Frame) -> None:
        """Count a numbered frame."""
        self.count += 1
        if frame.kind == DATA:
            self._bytes += len(frame.payload)
            self._hurry = self._hurry or bool(frame.flags & _HURRY)

    def credited(self) -> None:
        """Take note that a Credit goes out next."""
        self._credited = True

    def told(self) -> int:
        """Take note that what we are about to say names the count; give it."""
        self._told = self.count
        self._bytes = 0
        self._hurry = self._credited = False
        return self.count

    @property
    def is_due(self) -> bool:
        """Whether the peer has to be told now, with nothing else to say."""
        return self._hurry or self._bytes >= ACK_BYTES or self.count - self._told >= ACK_FRAMES

    def goes_along(self, *, with_link_frames: bool) -> bool:
        """Tell whether the peer hears of it beside something else: always with words about the link or a Credit."""
        if self._told == self.count:
            return False
        much = self._bytes >= RIDE_BYTES or self.count - self._told >= RIDE_FRAMES
        return with_link_frames or self._credited or much
