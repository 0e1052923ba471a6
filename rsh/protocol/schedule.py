"""Whose frame goes next: new channels and urgent frames, then interactive channels in turn, then bulk channels in turn.

The order is decided when a frame is taken, not when it is queued: a keystroke waits for one frame at most. The frames
of one channel keep their order, but for the urgent ones (credit, signals, sizes): they mean the same wherever they
stand.
"""

from __future__ import annotations

from collections import deque

from rsh.protocol.channel import ChannelEnd, QueuedFrame
from rsh.protocol.frames import MAX_DATA, MAX_PAYLOAD


class Schedule:
    """The channels that have something to send.

    Attributes:
        last_opened: highest number of a channel whose Open was taken; 0 at first.
    """

    def __init__(self) -> None:
        self.last_opened = 0
        self._openings: deque[tuple[ChannelEnd, QueuedFrame]] = deque()
        self._urgent: deque[tuple[ChannelEnd, QueuedFrame]] = deque()
        self._interactive: deque[ChannelEnd] = deque()
        self._bulk: deque[ChannelEnd] = deque()

    def __bool__(self) -> bool:
        return bool(self._openings or self._urgent or self._interactive or self._bulk)

    def add(self, channel: ChannelEnd) -> None:
        """Give a channel its turns as long as its queue has frames."""
        if not channel.scheduled:
            channel.scheduled = True
            self._round_of(channel).append(channel)

    def add_opening(self, channel: ChannelEnd, frame: QueuedFrame) -> None:
        """Send an Open; they go in the order in which channels were numbered."""
        self._openings.append((channel, frame))

    def add_urgent(self, channel: ChannelEnd, frame: QueuedFrame) -> None:
        """Send a frame before everything else, unless the channel is closed by then."""
        self._urgent.append((channel, frame))

    @property
    def has_interactive(self) -> bool:
        """Whether something is to be sent that is not bulk data."""
        return bool(self._openings or self._urgent or self._interactive)

    @property
    def has_bulk(self) -> bool:
        """Whether bulk data is to be sent."""
        return bool(self._bulk)

    def next(self, bulk: int = MAX_DATA) -> tuple[ChannelEnd, QueuedFrame] | None:
        """Take the frame whose turn it is; None when there is none.

        Args:
            bulk: the longest frame of bulk data, in bytes; 0 for none.
        """
        if self._openings:
            self.last_opened = self._openings[0][0].number
            return self._openings.popleft()
        while self._urgent:
            channel, frame = self._urgent.popleft()
            if channel.listens:
                return channel, frame
        while turns := (self._interactive or (self._bulk if bulk else None)):
            channel = turns.popleft()
            channel.scheduled = False
            if channel.queue:
                frame = channel.pop(bulk if channel.bulk else MAX_PAYLOAD)
                if channel.queue:
                    self.add(channel)
                return channel, frame
        return None

    def _round_of(self, channel: ChannelEnd) -> deque[ChannelEnd]:
        return self._bulk if channel.bulk else self._interactive
