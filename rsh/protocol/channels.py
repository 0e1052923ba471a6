"""The channels of a link: who opened them, what may be sent in them, and what arrives in them.

As their link they do no I/O, never block, and are not thread-safe.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from rsh.errors import Code, ProtocolError
from rsh.protocol import messages
from rsh.protocol.channel import ChannelEnd
from rsh.protocol.events import Accepted, Arrived, Closed, Credited, Event, Opened, Told
from rsh.protocol.frames import Buffer, Flags, Frame
from rsh.protocol.outbox import Outbox, checked_frame, control_frame
from rsh.protocol.receipt import Receipt
from rsh.protocol.requests import Request
from rsh.protocol.states import ChannelState, ChannelStep
from rsh.protocol.window import Budget

# Channels beyond the limit that may wait for the peer's Close. An honest peer answers each rejection with one, so these
# are no more than it opened before it heard of the first.
MAX_REJECTED: Final = 4096

_LANE: Final = Flags.LANE
_END: Final = Flags.END
_STARVED: Final = Flags.STARVED


class Role(Enum):
    """Which end this is. The client opens odd channels, the server even ones."""

    CLIENT = 1
    SERVER = 2


class Channels:
    """All channels of one end of a session.

    Attributes:
        role: client or server.
        max_channels: how many the peer may have open.
        receipt: what has arrived.
    """

    def __init__(self, role: Role, *, max_channels: int) -> None:
        self.role = role
        self.max_channels = max_channels
        self.receipt = Receipt()
        self._outbox = Outbox()
        self._budget = Budget()
        self._channels: dict[int, ChannelEnd] = {}
        self._next_number = 1 if role is Role.CLIENT else 2
        self._last_offered = 0  # highest channel number that the peer has used

    def open(self, request: Request, *, bulk: bool = False) -> int:
        """Open a channel; data may follow at once.

        Returns:
            Its number.

        Raises:
            UsageError: the request is too long, or holds what the peer would call a violation.
        """
        channel = ChannelEnd(self._next_number, ChannelState.OPENING, self._budget, bulk=bulk)
        self._outbox.schedule.add_opening(channel, checked_frame(messages.Open(request)))
        self._channels[channel.number] = channel
        self._next_number += 2
        return channel.number

    def accept(self, number: int, *, bulk: bool = False) -> None:
        """Serve a channel that the peer opened."""
        channel = self._channels[number]
        channel.step(ChannelStep.ACCEPT)
        channel.bulk = bulk
        self._outbox.push_control(channel, control_frame(messages.Accept()))

    def close(self, number: int, code: Code = Code.NONE, text: str = "", *, discard: bool = False) -> None:
        """Be done with a channel: nothing more is sent, and what still comes is dropped.

        Args:
            number: the channel; one that is gone already is no error.
            code, text: why; on a channel that was offered this is the rejection.
            discard: drop what was queued instead of sending it first.
        """
        channel = self._channels.get(number)
        if channel is None or not channel.listens:
            return
        if discard:
            channel.drop_data()
        channel.step(ChannelStep.CLOSE_SENT)
        self._outbox.push_control(channel, control_frame(messages.Close(code, text[:1024])))
        channel.release()

    def credit(self, number: int, lane: int) -> int:
        """Give how many bytes a lane may send now; -1 when the channel is closed or the lane ended."""
        channel = self._channels.get(number)
        if channel is None or not channel.listens or channel.sending[lane].ended:
            return -1
        return channel.sending[lane].credit

    def unsent(self, number: int) -> int:
        """Give how many bytes of a channel's data wait to be written."""
        channel = self._channels.get(number)
        return channel.unsent if channel else 0

    def send(self, number: int, lane: int, parts: tuple[Buffer, ...], length: int, *, end: bool = False) -> None:
        """Send `length` bytes, the parts joined, as one frame; where they are not bulk data, as more if they are many.

        The caller has asked `credit` and keeps to it and to MAX_DATA. The buffers must not change afterwards.
        """
        channel = self._channels[number]
        channel.push_data(lane, parts, length, end=end)
        self._outbox.schedule.add(channel)

    def tell(self, number: int, message: messages.Signal | messages.Resize | messages.Exit) -> None:
        """Send a message to the channel's peer: an Exit after the data so far, the others at once.

        Raises:
            UsageError: it holds what the peer would call a violation.
        """
        frame = checked_frame(message)
        channel = self._channels.get(number)
        if channel is None or not channel.listens:
            return
        if isinstance(message, messages.Exit):
            self._outbox.push_control(channel, frame)
        else:
            self._outbox.schedule.add_urgent(channel, frame)

    def consume(self, number: int, lane: int, count: int) -> bool:
        """Count bytes that the application has read from a lane.

        Returns:
            Whether there is now credit to be sent.
        """
        channel = self._channels.get(number)
        if channel is None or not channel.listens:
            return False
        credit = channel.receiving[lane].consume(count)
        if credit:
            self.receipt.credited()
            self._outbox.schedule.add_urgent(channel, control_frame(messages.Credit(lane, credit)))
        return credit > 0

    # --- in ---

    def _receive_data(self, frame: Frame) -> Event | None:
        channel = self._known(frame.channel)
        flags = frame.flags
        lane = flags & _LANE
        half = channel.receiving_half(lane)
        if not channel.listens:
            return None
        half.receive(len(frame.payload), starved=bool(flags & _STARVED))
        end = bool(flags & _END)
        half.ended = end
        if not frame.payload and not end:
            return None
        return Arrived(channel.number, lane, frame.payload, end)

    def _receive_control(self, number: int, message: messages.ChannelMessage) -> Event | None:
        if isinstance(message, messages.Open):
            return self._receive_open(number, message.request)
        channel = self._known(number)
        if isinstance(message, messages.Close):
            return self._receive_close(channel, message)
        if not channel.listens:
            return None
        if isinstance(message, messages.Credit):
            channel.sending_half(message.lane).add(message.count)
            return Credited(number)
        if isinstance(message, messages.Accept):
            if channel.state is not ChannelState.OPENING:
                raise ProtocolError(f"accept while {channel.state.value}")
            channel.step(ChannelStep.ACCEPT)
            return Accepted(number)
        return Told(number, message)

    def _receive_open(self, number: int, request: Request) -> Event | None:
        parity = 1 if self.role is Role.SERVER else 0
        if number <= self._last_offered or number % 2 != parity:
            raise ProtocolError(f"channel {number} is not the peer's to open")
        self._last_offered = number
        offered = sum(1 for known in self._channels if known % 2 == parity)
        if offered >= self.max_channels + MAX_REJECTED:
            raise ProtocolError("channels are opened and never closed")
        self._channels[number] = ChannelEnd(number, ChannelState.OFFERED, self._budget)
        if offered >= self.max_channels:
            self.close(number, Code.BUSY, "too many channels in this session")
            return None
        return Opened(number, request)

    def _receive_close(self, channel: ChannelEnd, message: messages.Close) -> Event:
        heard = channel.listens
        channel.drop_data()
        channel.release()
        if heard:
            # Theirs came first: ours follows by itself, and then the number is free on both sides.
            self._outbox.push_control(channel, control_frame(messages.Close(Code.NONE, "")))
        channel.step(ChannelStep.CLOSE_RECEIVED)
        del self._channels[channel.number]
        return Closed(channel.number, message.code, message.text)

    def _known(self, number: int) -> ChannelEnd:
        channel = self._channels.get(number)
        if channel is None:
            raise ProtocolError(f"channel {number} does not exist")
        return channel
