"""What one end has to send, in the order in which it goes: LINK frames, the replay, then what is new.

Numbering happens here, at the last moment: a frame gets its number when it is taken, and is kept until acknowledged.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from rsh.errors import ProtocolError, UsageError
from rsh.protocol import messages
from rsh.protocol.channel import ChannelEnd, QueuedFrame
from rsh.protocol.frames import DATA, MAX_DATA, MAX_PAYLOAD, Buffer, Flags, Kind, encode_header
from rsh.protocol.pace import Pace
from rsh.protocol.replay import Replay
from rsh.protocol.schedule import Schedule

# Answers to Pings that nobody has read yet; an honest peer has one outstanding.
MAX_PONGS: Final = 16


class Outbox:
    """Everything that waits to be sent, and what may have to be sent again.

    Attributes:
        schedule: the channels that have something to send.
        replay: what was sent and not yet acknowledged.
        pace: holds bulk data back where somebody types; None where nobody does.
    """

    def __init__(self) -> None:
        self.schedule = Schedule()
        self.replay = Replay()
        self.pace: Pace | None = None
        self._link_frames: deque[bytes] = deque()  # whole LINK frames, to go first
        self._again: deque[tuple[Buffer, ...]] = deque()  # the replay that is still to be written on this stream
        self._pongs = 0  # of the link frames, how many are Pongs

    def push_link(self, message: messages.LinkMessage) -> None:
        """Send a message about the link."""
        self._link_frames.append(link_frame(message))

    def push_pong(self, pong: messages.Pong) -> None:
        """Answer a Ping.

        Raises:
            ProtocolError: the peer asks faster than it reads.
        """
        self.push_link(pong)
        self._pongs += 1
        if self._pongs > MAX_PONGS:
            raise ProtocolError("pings faster than their answers are read")

    def push_control(self, channel: ChannelEnd, frame: QueuedFrame) -> None:
        """Send a message of a channel after what it has sent so far."""
        channel.queue.append(frame)
        self.schedule.add(channel)

    def send_again(self, expected: int) -> None:
        """Send everything again from the number that the peer expects; what is before it is acknowledged.

        Raises:
            ProtocolError: no such number.
        """
        self._again.extend(self.replay.since(expected))

    def stream_lost(self) -> None:
        """Forget what was about the stream that is gone."""
        self._link_frames.clear()
        self._again.clear()
        self._pongs = 0
        self.pace = None  # the next path is another one

    @property
    def has_link_frames(self) -> bool:
        """Whether something is to be said about the link."""
        return bool(self._link_frames)

    @property
    def has_numbered(self) -> bool:
        """Whether a numbered frame could go out now."""
        if self._again or not self.schedule or self.replay.full:
            return bool(self._again)
        return self.schedule.has_interactive or self._bulk_size() > 0

    def heed_typing(self, typing: bool) -> None:
        """Hold bulk data back from now on, or no longer."""
        if typing != (self.pace is not None):
            self.pace = Pace() if typing else None

    def acknowledge(self, count: int, now: float) -> None:
        """Forget the frames numbered below `count`; as Replay.acknowledge."""
        self.replay.acknowledge(count)
        if self.pace is not None:
            self.pace.delivered(self.replay.sent_bytes - self.replay.bytes, now)

    def take_link_frames(self) -> list[Buffer]:
        """Take what is about the link."""
        frames: list[Buffer] = list(self._link_frames)
        self._link_frames.clear()
        self._pongs = 0
        return frames

    def take_again(self, out: list[Buffer], limit: int) -> int:
        """Add about `limit` bytes of the replay to `out`; give how many.

        A Ping follows it: the answer brings an acknowledgement of all of it, so that what is paced need not wait.
        """
        size = 0
        while size < limit and self._again:
            frame = self._again.popleft()
            out.extend(frame)
            size += sum(map(len, frame))
        if size and not self._again:
            self.push_link(messages.Ping(0))
        return size

    def take_new(self, out: list[Buffer], limit: int, now: float) -> None:
        """Add about `limit` bytes of new frames to `out`, numbered from now on; of bulk data that is paced, one."""
        size = 0
        while size < limit and not self.replay.full:
            turn = self.schedule.next(self._bulk_size())
            if turn is None:
                return
            channel, queued = turn
            paced = self.pace if channel.bulk and queued.kind is DATA else None
            flags = queued.flags | Flags.HURRY if paced else queued.flags
            parts = (encode_header(queued.kind, flags, channel.number, queued.length), *queued.parts)
            self.replay.append(parts)
            out.extend(parts)
            size += sum(map(len, parts))
            if paced:
                paced.sent(self.replay.sent_bytes, now)
                return

    def _bulk_size(self) -> int:
        """Give how long a frame of bulk data may be now; 0 when none may go out."""
        if self.pace is None:
            return MAX_DATA
        # What is not bulk does not ask for its acknowledgement: if that is all there is under way, none may come.
        if self.replay.bytes < self.pace.limit or not self.pace.awaits:
            return self.pace.frame
        self.pace.waited()
        return 0


def link_frame(message: messages.LinkMessage) -> bytes:
    """Give a whole LINK frame."""
    payload = messages.encode_message(message)
    return encode_header(Kind.LINK, 0, 0, len(payload)) + payload


def control_frame(message: messages.ChannelMessage) -> QueuedFrame:
    """Give the frame of a channel's message.

    Raises:
        UsageError: it fits no frame.
    """
    payload = messages.encode_message(message)
    if len(payload) > MAX_PAYLOAD:
        raise UsageError(f"the request is too long: {len(payload)} bytes, {MAX_PAYLOAD} at most")
    return QueuedFrame(Kind.CONTROL, 0, (payload,), len(payload))


def checked_frame(message: messages.ChannelMessage) -> QueuedFrame:
    """Give the frame of a message that an application asked for: its mistake must not end the whole session.

    Raises:
        UsageError: the peer would call it a violation.
    """
    frame = control_frame(message)
    try:
        messages.decode_channel_message(frame.parts[0])
    except ProtocolError as error:
        raise UsageError(f"not to be sent: {error}") from error
    return frame
