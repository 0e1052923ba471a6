"""The link: one end of a conversation, without I/O. Both ends are this class; sessions drive it.

A link outlives its streams. Numbered frames (CONTROL and DATA) are kept until the peer acknowledges them and are sent
again on the next stream; LINK frames speak about the stream at hand and are lost with it. Hence the order on every new
stream: Hello and Welcome first, each naming the next number it expects, then the replay, then what is new. On the first
stream the client need not wait for the Welcome, because the server can expect only number 0: a command costs one round
trip. The client chooses the session's id, so a session can be resumed even when its first Welcome was lost.

Not thread-safe: its session holds one lock around every call. No call blocks.
"""

from __future__ import annotations

from typing import Final

from rsh.errors import Code, ProtocolError
from rsh.protocol import messages
from rsh.protocol.channels import Channels
from rsh.protocol.channels import Role as Role
from rsh.protocol.events import Ended, Event, Pinged, Ponged, Welcomed
from rsh.protocol.frames import DATA, Buffer, Frame, encode_header
from rsh.protocol.frames import LINK as LINK_FRAME
from rsh.protocol.outbox import Outbox, link_frame
from rsh.protocol.states import LINK, LinkState, LinkStep, advance

_GREETING: Final = LinkState.GREETING
_OPEN: Final = LinkState.OPEN
_CLIENT: Final = Role.CLIENT


class Link(Channels):
    """One end of a session.

    Attributes:
        state: where it stands (states.LINK).
        session: the session's id, chosen by the client.
        epoch: number of the session's stream, from 1; a newer one fences older ones out.
    """

    def __init__(self, role: Role, session: bytes, *, max_channels: int = 1024) -> None:
        super().__init__(role, max_channels=max_channels)
        self.state = LinkState.GREETING
        self.session = session
        self.epoch = 0
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

    # --- out ---

    def wants_to_send(self) -> bool:
        """Whether `next_frames` would give anything now."""
        if self._outbox.has_link_frames:
            return True
        return self._may_send_numbered() and (self._outbox.has_numbered or self.receipt.is_due)

    def send_now(
        self, number: int, lane: int, parts: tuple[Buffer, ...], length: int, now: float = 0.0
    ) -> list[Buffer] | None:
        """Send as `send` does, and take what goes out at once, as `next_frames` does; None if it has to be sent there.

        Where nothing else waits, a key or a line needs no queue: that is half of what the two of them take.
        """
        if self.wants_to_send() or not self._may_send_numbered() or self._outbox.replay.full:
            return None
        channel = self._channels[number]
        if channel.bulk or channel.queue:  # It has a pace to keep.
            self.send(number, lane, parts, length)
            return self.next_frames(length, now)
        frame = (encode_header(DATA, channel.spend(lane, length, end=False), number, length), *parts)
        self._outbox.replay.append(frame)
        if self.receipt.goes_along(with_link_frames=False):
            return [link_frame(messages.Ack(self.receipt.told())), *frame]
        return [*frame]

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
        state = self.state
        if state is not _OPEN and state is not _GREETING:
            return None
        if frame.kind == LINK_FRAME:
            return self._receive_link(messages.decode_link_message(frame.payload), now)
        if state is _GREETING:
            raise ProtocolError("data before the greeting")
        self.receipt.arrived(frame)
        if frame.kind == DATA:
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

    # --- inside ---

    def _advance(self, step: LinkStep) -> None:
        self.state = advance(LINK, self.state, step)

    def _may_send_numbered(self) -> bool:
        # The client of a resumed session must hear first what the server expects; see the module's docstring.
        first = self.state is _GREETING and self.role is _CLIENT and self.epoch == 1
        return first or self.state is _OPEN
