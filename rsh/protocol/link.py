"""The link: one end of a conversation, without I/O. Both ends are this class; sessions drive it.

A link outlives its streams. Numbered frames (CONTROL and DATA) are kept until the peer acknowledges them and are sent
again on the next stream; LINK frames speak about the stream at hand and are lost with it. Hence the order on every new
stream: Hello and Welcome first, each naming the next number it expects, then the replay, then what is new. On the first
stream the client need not wait for the Welcome, because the server can expect only number 0: a command costs one round
trip. The client chooses the session's id, so a session can be resumed even when its first Welcome was lost.

Not thread-safe: its session holds one lock around every call. No call blocks.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from rsh.errors import Code, ProtocolError
from rsh.protocol import messages
from rsh.protocol.channel import ChannelEnd
from rsh.protocol.events import (
    Accepted,
    Arrived,
    Closed,
    Credited,
    Ended,
    Event,
    Opened,
    Pinged,
    Ponged,
    Told,
    Welcomed,
)
from rsh.protocol.frames import Buffer, Flags, Frame, Kind
from rsh.protocol.outbox import Outbox, checked_frame, control_frame, link_frame
from rsh.protocol.receipt import Receipt
from rsh.protocol.requests import Request
from rsh.protocol.states import LINK, ChannelState, ChannelStep, LinkState, LinkStep, advance
from rsh.protocol.window import Budget

# Channels beyond the limit that may wait for the peer's Close. An honest peer answers each rejection with one, so these
# are no more than it opened before it heard of the first.
MAX_REJECTED: Final = 4096


class Role(Enum):
    """Which end this is. The client opens odd channels, the server even ones."""

    CLIENT = 1
    SERVER = 2


class Link:
    """One end of a session.

    Attributes:
        role: client or server.
        state: where it stands (states.LINK).
        session: the session's id, chosen by the client.
        epoch: number of the session's stream, from 1; a newer one fences older ones out.
        max_channels: how many the peer may have open.
        receipt: what has arrived.
    """

    def __init__(self, role: Role, session: bytes, *, max_channels: int = 1024) -> None:
        self.role = role
        self.state = LinkState.GREETING
        self.session = session
        self.epoch = 0
        self.max_channels = max_channels
        self.receipt = Receipt()
        self._outbox = Outbox()
        self._budget = Budget()
        self._channels: dict[int, ChannelEnd] = {}
        self._next_number = 1 if role is Role.CLIENT else 2
        self._last_offered = 0  # highest channel number that the peer has used
        self._heard: int | None = None  # highest of ours that a peer which has ended the session may have taken note of

    # --- greeting, resuming, ending ---

    def greet(self, software: str, account: str, age: int = 0, patience: int | None = None, begins: str = "") -> None:
        """Client: begin the conversation on a new stream, or go on with the session on one.

        Args:
            software, account: who calls, and whom.
            age: milliseconds since the first Hello, if no Welcome has ever come: perhaps nobody has heard of us yet.
            patience: seconds without a connection after which we give the session up; None: never.
            begins: our end of the stream, if it stays within this machine.
        """
        if self.state is LinkState.DETACHED:
            self._advance(LinkStep.ATTACH)
        self.epoch += 1
        expected = self.receipt.told()
        who = (messages.VERSION, software, account, self.session)
        self._outbox.push_link(messages.Hello(*who, self.epoch, expected, age, patience, begins))

    def welcome(self, hello: messages.Hello, welcome: messages.Welcome) -> None:
        """Server: answer the Hello of a new session.

        Raises:
            ProtocolError: the Hello is not that of a new session.
        """
        if hello.expected or (hello.epoch != 1 and not hello.age):
            raise ProtocolError("a new session that has a past")
        self.epoch = hello.epoch
        self._advance(LinkStep.WELCOME)
        self._outbox.push_link(welcome)

    def resume(self, hello: messages.Hello, welcome: messages.Welcome) -> None:
        """Server: go on with this session on a new stream.

        The caller has made sure that the peer's key owns the session. A stream that is still attached is given up.

        Raises:
            ProtocolError: the epoch is not newer, or the numbers do not fit. The session is as it was before.
        """
        if hello.epoch <= self.epoch:
            raise ProtocolError("epoch is not newer")
        self._outbox.replay.since(hello.expected)  # raises before anything has changed
        self.epoch = hello.epoch
        self.detach()
        self._advance(LinkStep.ATTACH)
        self._advance(LinkStep.WELCOME)
        self.receipt.told()
        self._outbox.push_link(welcome)
        self._outbox.send_again(hello.expected)

    def detach(self) -> None:
        """Take note that the stream is gone: keep what must be replayed, forget what was about the stream."""
        self._advance(LinkStep.DETACH)
        self._outbox.stream_lost()

    def goodbye(self, code: Code, text: str = "") -> None:
        """End the session; the farewell is the last frame that goes out."""
        if self.state is LinkState.CLOSED:
            return
        self._advance(LinkStep.CLOSE)
        self._outbox.push_link(messages.Goodbye(code, text, self._last_offered))

    def is_unheard(self, number: int) -> bool:
        """Tell whether the peer has certainly never taken note of a channel that we opened, nor ever will.

        True only when the peer has ended the session; HTTP/2 tells the same with its GOAWAY (RFC 9113, 6.8).
        """
        return self._heard is not None and number > self._heard

    def abandon(self) -> None:
        """Be done with the session without a word, and let go of all that was kept for it.

        Whoever still holds the link, such as the traceback of an error, does not hold megabytes.
        """
        self._advance(LinkStep.CLOSE)
        self._channels.clear()
        self._outbox = Outbox()

    def ping(self, token: int) -> None:
        """Ask the peer for a Pong; without a stream nobody is asked."""
        if self.state in (LinkState.GREETING, LinkState.OPEN):
            self._outbox.push_link(messages.Ping(token))

    @property
    def received(self) -> int:
        """Numbered frames that have arrived, which is the number of the next one expected."""
        return self.receipt.count

    @property
    def progress(self) -> int:
        """Numbered frames that have arrived, and that the peer has acknowledged."""
        return self.received + self._outbox.replay.sent - len(self._outbox.replay)

    @property
    def awaits_acknowledgement(self) -> bool:
        """Whether something was sent that the peer has not acknowledged."""
        return len(self._outbox.replay) > 0

    @property
    def kept(self) -> int:
        """Bytes of data that are held for this session: sent but not acknowledged, not sent, arrived but not read."""
        channels = self._channels.values()
        waiting = sum(each.unsent + sum(half.held for half in each.receiving) for each in channels)
        return self._outbox.replay.size + waiting

    def pong(self, token: int, clock: int) -> None:
        """Answer a Ping.

        Args:
            token: the Ping's.
            clock: our time, nanoseconds since 1970.
        """
        self._outbox.push_pong(messages.Pong(token, clock))

    # --- channels ---

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

    # --- out ---

    def wants_to_send(self) -> bool:
        """Whether `next_frames` would give anything now."""
        if self._outbox.has_link_frames:
            return True
        return self._may_send_numbered() and (self._outbox.has_numbered or self.receipt.is_due)

    def next_frames(self, limit: int, now: float = 0.0) -> list[Buffer]:
        """Take what goes out next, as buffers to write in order: about `limit` bytes, at least one frame if any.

        Args:
            limit: in bytes.
            now: seconds, of any clock that only rises; where nobody types, it does not matter.
        """
        out = self._outbox.take_link_frames()
        if not self._may_send_numbered():
            return out
        about_link = bool(out)
        size = self._outbox.take_again(out, limit)
        before_new = len(out)
        if self._outbox.schedule.has_bulk:
            self._outbox.heed_typing(any(not channel.bulk for channel in self._channels.values()))
        self._outbox.take_new(out, limit - size, now)
        if self.receipt.is_due or (out and self.receipt.goes_along(with_link_frames=about_link)):
            # Before any Credit: credit is given only for what is also acknowledged.
            out.insert(before_new, link_frame(messages.Ack(self.receipt.told())))
        return out

    # --- in ---

    def receive(self, frame: Frame, now: float = 0.0) -> Event | None:
        """Take a frame in.

        Args:
            frame: in the order in which they came.
            now: as for next_frames.

        Returns:
            What it means to the driver, if anything.

        Raises:
            ProtocolError: the peer broke the rules; the link is of no more use.
        """
        if self.state is LinkState.CLOSED or self.state is LinkState.DETACHED:
            return None
        if frame.kind == Kind.LINK:
            return self._receive_link(messages.decode_link_message(frame.payload), now)
        if self.state is LinkState.GREETING:
            raise ProtocolError("data before the greeting")
        self.receipt.arrived(frame)
        if frame.kind == Kind.DATA:
            return self._receive_data(frame)
        return self._receive_control(frame.channel, messages.decode_channel_message(frame.payload))

    def _receive_link(self, message: messages.LinkMessage, now: float) -> Event | None:
        if isinstance(message, messages.Welcome | messages.Refusal):
            return self._receive_greeting(message)
        if isinstance(message, messages.Goodbye):
            self._advance(LinkStep.CLOSE)
            self._heard = message.last
            return Ended(message.code, message.text)
        if isinstance(message, messages.Hello) or self.state is LinkState.GREETING:
            raise ProtocolError(f"unexpected {type(message).__name__}")
        if isinstance(message, messages.Ack):
            self._outbox.acknowledge(message.count, now)
            return None
        return Pinged(message.token) if isinstance(message, messages.Ping) else Ponged(message.token, message.clock)

    def _receive_greeting(self, message: messages.Welcome | messages.Refusal) -> Event:
        if self.role is Role.SERVER or self.state is not LinkState.GREETING:
            raise ProtocolError(f"unexpected {type(message).__name__}")
        if isinstance(message, messages.Refusal):
            if self.epoch == 1 or message.code != Code.BUSY:
                self._advance(LinkStep.CLOSE)  # else the session is there, and there will be room for us again
                self._heard = 0 if self.epoch == 1 else self._outbox.schedule.last_opened
            return Ended(message.code, message.text)
        if self.epoch == 1 and message.expected:
            raise ProtocolError("a new session that expects old frames")
        if self.epoch > 1:
            self._outbox.send_again(message.expected)
        self._advance(LinkStep.WELCOME)
        return Welcomed(message)

    def _receive_data(self, frame: Frame) -> Event | None:
        channel = self._known(frame.channel)
        half = channel.receiving_half(frame.flags & Flags.LANE)
        if not channel.listens:
            return None
        half.receive(len(frame.payload), starved=bool(frame.flags & Flags.STARVED))
        end = bool(frame.flags & Flags.END)
        half.ended = end
        if not frame.payload and not end:
            return None
        return Arrived(channel.number, frame.flags & Flags.LANE, frame.payload, end)

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

    # --- inside ---

    def _advance(self, step: LinkStep) -> None:
        self.state = advance(LINK, self.state, step)

    def _known(self, number: int) -> ChannelEnd:
        channel = self._channels.get(number)
        if channel is None:
            raise ProtocolError(f"channel {number} does not exist")
        return channel

    def _may_send_numbered(self) -> bool:
        # The client of a resumed session must hear first what the server expects; see the module's docstring.
        first = self.role is Role.CLIENT and self.state is LinkState.GREETING and self.epoch == 1
        return first or self.state is LinkState.OPEN
