"""Two links back to back, joined by bytes that a test may chop, hold back and cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from rsh.protocol.events import Accepted, Arrived, Closed, Ended, Event, Opened, Pinged, Ponged, Told
from rsh.protocol.frames import MAX_PAYLOAD, Decoder, Frame, Kind
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import VERSION, Hello, Welcome, decode_link_message
from rsh.protocol.requests import About, Request

WELCOME = Welcome(VERSION, "rsh test", "ann", "box", b"/home/ann")


def feed(decoder: Decoder, data: bytes) -> list[Frame]:
    """Put bytes into a decoder; give the frames that came out."""
    return list(frames_of(decoder, data))


def frames_of(decoder: Decoder, data: bytes) -> Iterator[Frame]:
    """Put bytes into a decoder as a driver does: act on each frame before the next one is read."""
    while data:
        space = decoder.space()
        count = min(len(space), len(data))
        space[:count] = data[:count]
        data = data[count:]
        decoder.filled(count)
        while (frame := decoder.next_frame()) is not None:
            yield frame


class End:
    """One end: a link, and what its application has got from it."""

    def __init__(self, role: Role) -> None:
        self.link = Link(role, b"s" * 16)
        self.decoder = Decoder()
        self.wire = b""  # bytes on their way to this end
        self.events: list[Event] = []
        self.received: dict[tuple[int, int], bytes] = {}
        self.unread: deque[tuple[int, int, int]] = deque()  # channel, lane, bytes that the application has not read
        self.ended: set[tuple[int, int]] = set()
        self.told: list[Told] = []
        self.opened: list[Opened] = []
        self.closed: list[Closed] = []

    def take_in(self, frame: Frame) -> None:
        """Feed one frame to the link and note what it means."""
        event = self.link.receive(frame)
        if event is None:
            return
        self.events.append(event)
        if isinstance(event, Arrived):
            key = (event.channel, event.lane)
            assert key not in self.ended
            self.received[key] = self.received.get(key, b"") + bytes(event.payload)
            self.unread.append((*key, len(event.payload)))
            if event.end:
                self.ended.add(key)
        elif isinstance(event, Opened):
            self.opened.append(event)
        elif isinstance(event, Told):
            self.told.append(event)
        elif isinstance(event, Closed):
            self.closed.append(event)

    def read_everything(self) -> None:
        """Be an application that reads what has arrived."""
        while self.unread:
            self.link.consume(*self.unread.popleft())


class Conversation:
    """A client and a server."""

    def __init__(self, *, greet: bool = True) -> None:
        self.client = End(Role.CLIENT)
        self.server = End(Role.SERVER)
        self.client.link.greet("rsh test", "ann")
        if greet:
            self.settle()

    def send(self, source: End, target: End, limit: int = MAX_PAYLOAD) -> None:
        """Put what one end has to send on the wire to the other."""
        target.wire += b"".join(bytes(part) for part in source.link.next_frames(limit))

    def deliver(self, target: End, count: int | None = None) -> None:
        """Let some of the bytes on the wire arrive."""
        count = len(target.wire) if count is None else count
        data, target.wire = target.wire[:count], target.wire[count:]
        for frame in frames_of(target.decoder, data):
            self._take_in(target, frame)

    def _take_in(self, target: End, frame: Frame) -> None:
        if target is self.server and frame.kind == Kind.LINK and target.link.state.value != "open":
            message = decode_link_message(frame.payload)
            if isinstance(message, Hello):
                target.decoder.limit = MAX_PAYLOAD
                self._answer(message)
                return
        target.take_in(frame)
        if target is self.client:
            target.decoder.limit = MAX_PAYLOAD

    def _answer(self, hello: Hello) -> None:
        link = self.server.link
        if hello.epoch == 1:
            link.welcome(hello, WELCOME)
        else:
            link.resume(hello, Welcome(VERSION, "rsh test", "ann", "box", b"/home/ann", link.received))

    def settle(self, *, read: bool = True) -> None:
        """Let both ends talk until neither has anything to say."""
        while self.client.link.wants_to_send() or self.server.link.wants_to_send() or self._under_way():
            for source, target in ((self.client, self.server), (self.server, self.client)):
                self.send(source, target)
                self.deliver(target)
                if read:
                    target.read_everything()

    def _under_way(self) -> bool:
        return bool(self.client.wire or self.server.wire)

    def cut(self) -> None:
        """Cut the stream: what is on the wire is lost, in the middle of a frame or not."""
        for end in (self.client, self.server):
            end.wire = b""
            end.decoder = Decoder()
            end.link.detach()

    def redial(self) -> None:
        """Begin the next stream of the session."""
        self.client.link.greet("rsh test", "ann")

    def open(self, request: Request | None = None, *, bulk: bool = False) -> int:
        """Open a channel from the client and have it accepted."""
        number = self.client.link.open(request or About(), bulk=bulk)
        self.settle()
        self.server.link.accept(number)
        self.settle()
        return number


__all__ = ["WELCOME", "Accepted", "Conversation", "End", "Ended", "Pinged", "Ponged", "feed"]
