"""One end of a channel as the link sees it: its state, its lanes, and what waits to be sent."""

from __future__ import annotations

from collections import deque
from typing import Final

from rsh.errors import ProtocolError
from rsh.protocol.frames import DATA, MAX_PAYLOAD, Buffer, Flags, Kind
from rsh.protocol.states import CHANNEL, LISTENING, ChannelState, ChannelStep, advance
from rsh.protocol.window import Budget, ReceiveWindow, SendWindow

# 0 main, 1 stderr. The header has room for 16; what nobody uses nobody may open.
LANES: Final = 2


# Data up to this size joins the frame that waits before it.
SMALL: Final = MAX_PAYLOAD // 4


class QueuedFrame:
    """A numbered frame that waits for its turn."""

    __slots__ = ("flags", "kind", "length", "parts")

    def __init__(self, kind: Kind, flags: int, parts: tuple[Buffer, ...], length: int) -> None:
        self.kind = kind
        self.flags = flags
        self.parts = parts
        self.length = length

    def takes(self, lane: int, length: int) -> bool:
        """Whether small data of a lane may still join this frame: fewer frames when the writer cannot keep up."""
        same = self.kind is DATA and self.flags & (Flags.LANE | Flags.END) == lane
        return same and length <= SMALL and self.length + length <= MAX_PAYLOAD

    def cut(self, size: int) -> QueuedFrame:
        """Take the first `size` bytes away, as a frame of their own; what the flags say is said by the rest."""
        parts, taken = deque(self.parts), []
        missing = size
        while missing:
            part = memoryview(parts.popleft())
            taken.append(part[:missing])
            if len(part) > missing:
                parts.appendleft(part[missing:])
            missing -= len(taken[-1])
        self.parts = tuple(parts)
        self.length -= size
        return QueuedFrame(self.kind, self.flags & Flags.LANE, tuple(taken), size)


class ChannelEnd:
    """What a link knows of one channel. Only the link touches it.

    Attributes:
        number: its number in the frame header.
        bulk: whether its data lets everything else go first.
        state: where it stands (states.CHANNEL).
        sending, receiving: the two halves of each lane.
        queue: frames not yet given to the writer, in order.
        unsent: bytes of data in the queue.
        scheduled: whether it is in one of the link's rounds.
    """

    __slots__ = ("bulk", "number", "queue", "receiving", "scheduled", "sending", "state", "unsent")

    def __init__(self, number: int, state: ChannelState, budget: Budget, *, bulk: bool = False) -> None:
        self.number = number
        self.bulk = bulk
        self.state = state
        self.sending = tuple(SendWindow() for _ in range(LANES))
        self.receiving = tuple(ReceiveWindow(budget) for _ in range(LANES))
        self.queue: deque[QueuedFrame] = deque()
        self.unsent = 0
        self.scheduled = False

    def step(self, step: ChannelStep) -> None:
        """Move to the next state."""
        self.state = advance(CHANNEL, self.state, step)

    @property
    def listens(self) -> bool:
        """Whether what arrives still means something to us."""
        return self.state in LISTENING

    def sending_half(self, lane: int) -> SendWindow:
        """Give the sending half of a lane that the peer named."""
        if lane >= LANES:
            raise ProtocolError(f"lane {lane} does not exist")
        return self.sending[lane]

    def receiving_half(self, lane: int) -> ReceiveWindow:
        """Give the receiving half of a lane that the peer named."""
        if lane >= LANES:
            raise ProtocolError(f"lane {lane} does not exist")
        return self.receiving[lane]

    def push_data(self, lane: int, parts: tuple[Buffer, ...], length: int, *, end: bool) -> None:
        """Queue data that its lane has credit for."""
        flags = self.spend(lane, length, end=end)
        self.unsent += length
        last = self.queue[-1] if self.queue else None
        if last is not None and last.takes(lane, length):
            last.parts += parts
            last.length += length
            last.flags = flags
        else:
            self.queue.append(QueuedFrame(DATA, flags, parts, length))

    def spend(self, lane: int, length: int, *, end: bool) -> int:
        """Use a lane's credit for data that goes out; give the flags of its frame."""
        half = self.sending[lane]
        half.spend(length)
        flags = lane
        if end:
            half.ended = True
            flags |= Flags.END
        elif half.credit == 0:
            flags |= Flags.STARVED
        return flags

    def pop(self, size: int = MAX_PAYLOAD) -> QueuedFrame:
        """Take the next frame out of the queue; of data that is longer than `size` bytes, so much."""
        frame = self.queue[0]
        if frame.kind is not DATA:
            return self.queue.popleft()
        frame = frame.cut(size) if frame.length > size else self.queue.popleft()
        self.unsent -= frame.length
        return frame

    def drop_data(self) -> None:
        """Drop the data that waits to be sent; control messages stay, the peer counts on them."""
        self.queue = deque(frame for frame in self.queue if frame.kind is not DATA)
        self.unsent = 0

    def release(self) -> None:
        """Give grown windows back: nothing more will be read."""
        for half in self.receiving:
            half.release()
