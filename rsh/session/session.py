"""A running link: who reads, who writes, who serves.

Threads, by name, and what ends them:

    reader    one for each stream, runs `run`: reads, feeds the link, hands events out. It never waits for an
              application (their windows stop a peer that is too fast) and never writes. Ends when the stream does.
    writer    one for each session: waits until the link has something to send, takes it under the lock and writes it
              outside. Ends with the session.
    serve-N   one for each channel that the peer opened. Ends when the service returns; every blocking call it makes
              fails when the session ends.

One lock guards the link and the channels; nobody does I/O while holding it. The rejected alternative, a lock held
across `sendall`, stops for ever as soon as both ends send more than the kernel buffers at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from rsh.errors import Code, LinkError, ProtocolError, Refused, RshError
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
from rsh.protocol.frames import MAX_PAYLOAD, Decoder
from rsh.protocol.link import Link
from rsh.protocol.messages import Welcome
from rsh.protocol.requests import Request
from rsh.protocol.states import LinkState
from rsh.session.channel import Channel
from rsh.session.deadline import NEVER, Deadline
from rsh.transport.stream import Stream

Service: TypeAlias = Callable[[Channel], None]

# What the writer takes at once: one full frame, so that a keystroke that comes meanwhile waits for one frame at most.
WRITE_SIZE: Final = MAX_PAYLOAD


class Session:
    """One end of a conversation with its threads and its current stream.

    Attributes:
        welcome: what the server said of itself; on the server, what it said to the client.
        error: why the session ended; None while it lives.
    """

    def __init__(self, link: Link, *, name: str = "rsh", serve: Service | None = None) -> None:
        self.welcome: Welcome | None = None
        self.error: RshError | None = None
        self._link = link  # guarded by _lock, as everything below
        self._name = name
        self._serve = serve
        self._lock = threading.Lock()
        self._to_send = threading.Condition(self._lock)  # the writer waits on it
        self._changed = threading.Condition(self._lock)  # greeting, pongs and the end; applications wait on it
        self._stream: Stream | None = None
        self._writing = False  # the writer is between taking frames and having written them
        self._channels: dict[int, Channel] = {}
        self._serving = 0  # services at work, also for channels that the peer has closed meanwhile
        self._pings = 0  # tokens of our Pings, counted
        self._pongs: dict[int, tuple[float, int] | None] = {}  # of those awaited: when it came, the peer's clock
        self._writer: threading.Thread | None = None
        self._all_told = threading.Event()  # every channel's listener has heard of the end

    # --- streams ---

    def attach(self, stream: Stream) -> None:
        """Go on over this stream; the link has greeted, or has been greeted, on it."""
        with self._lock:
            self._stream = stream
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name=f"{self._name} writer", daemon=True)
                self._writer.start()
            self._to_send.notify()

    def run(self, stream: Stream, decoder: Decoder) -> None:
        """Read the stream until it ends, in this thread. Then the session is over."""
        try:
            self._read_loop(stream, decoder)
        except ProtocolError as error:
            self._say_goodbye(Code.PROTOCOL, str(error))
            self._end(error)
        except RshError as error:
            self._end(error)
        finally:
            self._end(LinkError("the connection was closed"))
            stream.close()

    def start(self, stream: Stream, decoder: Decoder) -> None:
        """Read the stream in a thread of its own."""
        threading.Thread(target=self.run, args=(stream, decoder), name=f"{self._name} reader", daemon=True).start()

    def wait_welcome(self, deadline: Deadline) -> Welcome:
        """Wait until the server has answered our Hello; raise what came instead."""
        with self._lock:
            while self.welcome is None:
                if self.error:
                    raise self.error
                deadline.check("waiting for the server's greeting")
                self._changed.wait(deadline.left())
            return self.welcome

    def close(self, code: Code = Code.NONE, text: str = "", *, deadline: Deadline | None = None) -> None:
        """Say goodbye, see it written (for at most a second, or till `deadline`), and end the session."""
        self._say_goodbye(code, text, deadline)
        self._end(Refused(code, text) if code else LinkError("the session was closed"))
        # The reader may have been first, and the process may end when we return: the services must have heard of it.
        self._all_told.wait(1.0)

    def wait_end(self, deadline: Deadline = NEVER) -> bool:
        """Wait until the session has ended; False when the deadline came first."""
        with self._lock:
            while self.error is None and not deadline.expired:
                self._changed.wait(deadline.left())
            return self.error is not None

    # --- applications ---

    def open(self, request: Request, *, bulk: bool = False) -> Channel:
        """Open a channel; it may be written to at once. Whether it is served, `wait_accepted` tells."""
        with self._lock:
            if self.error:
                raise self.error
            number = self._link.open(request, bulk=bulk)
            channel = self._add_channel(number, request)
            self._to_send.notify()
            return channel

    def ping(self, deadline: Deadline) -> tuple[float, int]:
        """Measure a round trip.

        Returns:
            Its length in seconds, and the peer's clock in nanoseconds since 1970.
        """
        with self._lock:
            self._pings += 1
            token = self._pings
            self._link.ping(token)
            self._pongs[token] = None
            start = time.perf_counter()
            self._to_send.notify()
            try:
                came, clock = self._wait_pong(token, deadline)
            finally:
                del self._pongs[token]
        return came - start, clock

    def _wait_pong(self, token: int, deadline: Deadline) -> tuple[float, int]:
        while (pong := self._pongs[token]) is None:
            if self.error:
                raise self.error
            deadline.check("ping")
            self._changed.wait(deadline.left())
        return pong

    def wait_idle(self, deadline: Deadline = NEVER) -> bool:
        """Wait until no channel is open; False when the deadline came first."""
        with self._lock:
            while self._channels and not deadline.expired:
                self._changed.wait(deadline.left())
            return not self._channels

    # --- reader ---

    def _read_loop(self, stream: Stream, decoder: Decoder) -> None:
        while count := stream.readinto(decoder.space()):
            frame = decoder.filled(count)
            if frame is None:
                continue
            with self._lock:
                event = self._link.receive(frame)
                outside = self._handle(event, decoder) if event is not None else None
                if self._link.wants_to_send():
                    self._to_send.notify()
            if outside is not None:
                outside()
        if not decoder.between_frames:
            raise LinkError("the connection broke off in the middle of a frame")

    def _handle(self, event: Event, decoder: Decoder) -> Callable[[], None] | None:
        """Act on an event. The lock is held; what must happen without it is returned."""
        if isinstance(event, Arrived):
            if channel := self._channels.get(event.channel):
                channel.arrived(event.lane, event.payload, event.end)
        elif isinstance(event, Credited):
            if channel := self._channels.get(event.channel):
                channel.credited()
        elif isinstance(event, Accepted):
            if channel := self._channels.get(event.channel):
                channel.accepted()
        elif isinstance(event, Told):
            if channel := self._channels.get(event.channel):
                message = event.message
                return lambda: channel.told(message)
        elif isinstance(event, Opened):
            return self._begin_service(event)
        elif isinstance(event, Closed):
            return self._channel_closed(event)
        else:
            self._handle_link_event(event, decoder)
        return None

    def _handle_link_event(self, event: Welcomed | Pinged | Ponged | Ended, decoder: Decoder) -> None:
        if isinstance(event, Welcomed):
            self.welcome = event.welcome
            decoder.limit = MAX_PAYLOAD
            self._changed.notify_all()
        elif isinstance(event, Pinged):
            self._link.pong(event.token, time.time_ns())
        elif isinstance(event, Ponged):
            if event.token in self._pongs:
                self._pongs[event.token] = (time.perf_counter(), event.clock)
            self._changed.notify_all()
        else:
            raise Refused(_code(event.code), event.text) if event.code else LinkError("the other side said goodbye")

    def _begin_service(self, event: Opened) -> Callable[[], None] | None:
        if self._serve is None:
            self._link.close(event.channel, Code.UNSUPPORTED, "nothing is served here")
            return None
        if self._serving >= self._link.max_channels:
            self._link.close(event.channel, Code.BUSY, "too many requests in this session at once")
            return None
        self._serving += 1
        channel = self._add_channel(event.channel, event.request)
        return lambda: self._start_service(channel)

    def _start_service(self, channel: Channel) -> None:
        name = f"{self._name} serve-{channel.number}"
        try:
            threading.Thread(target=self._run_service, args=(channel,), name=name, daemon=True).start()
        except RuntimeError:  # No thread can be had now.
            channel.close(Code.BUSY, "the server has no room for another request")
            self._service_ended(channel)

    def _run_service(self, channel: Channel) -> None:
        assert self._serve is not None
        try:
            self._serve(channel)
        finally:
            self._service_ended(channel)

    def _service_ended(self, channel: Channel) -> None:
        with self._lock:
            self._serving -= 1
            channel.forget()

    def _channel_closed(self, event: Closed) -> Callable[[], None] | None:
        channel = self._channels.pop(event.channel, None)
        if channel is None:
            return None
        channel.ended(Refused(_code(event.code), event.text) if event.code else None)
        self._changed.notify_all()
        return lambda: channel.told(None)

    # --- writer ---

    def _write_all(self) -> None:
        try:
            self._write_loop()
        finally:
            # It ends after the session. If it fails, which is a bug, nobody must wait for what will never be written.
            self._end(LinkError("the writer has failed"))

    def _write_loop(self) -> None:
        while True:
            with self._lock:
                self._writing = False
                while not self._can_write():
                    if self.error and (self._stream is None or self._link.state is LinkState.CLOSED):
                        return
                    self._changed.notify_all()
                    self._to_send.wait()
                stream = self._stream
                buffers = self._link.next_frames(WRITE_SIZE)
                self._writing = True
                for channel in self._channels.values():
                    channel.drained()
            if stream is not None and buffers:
                self._write(stream, b"".join(buffers))

    def _can_write(self) -> bool:
        return self._stream is not None and self._link.wants_to_send()

    def _write(self, stream: Stream, data: bytes) -> None:
        try:
            stream.write(data)
        except RshError:
            with self._lock:
                if self._stream is stream:
                    self._stream = None
            # The reader of this stream sees its end and says why.
            stream.close()

    # --- ending ---

    def _say_goodbye(self, code: Code, text: str, deadline: Deadline | None = None) -> None:
        deadline = deadline or Deadline(1.0)
        with self._lock:
            if self.error is not None or self._stream is None:
                return
            self._link.goodbye(code, text[:1024])
            self._to_send.notify()
            while self._stream is not None and (self._writing or self._can_write()) and not deadline.expired:
                self._changed.wait(deadline.left())

    def _end(self, error: RshError) -> None:
        """End the session for everyone in it; the first reason counts."""
        with self._lock:
            if self.error is not None:
                return
            self.error = error
            self._link.abandon()
            channels = list(self._channels.values())
            self._channels.clear()
            for channel in channels:
                channel.ended(error)
            stream, self._stream = self._stream, None
            self._changed.notify_all()
            self._to_send.notify_all()
        if stream is not None:
            stream.close()
        for channel in channels:
            channel.told(None)
        self._all_told.set()

    def _add_channel(self, number: int, request: Request) -> Channel:
        channel = Channel(number, request, self._link, self._lock, self._to_send.notify)
        self._channels[number] = channel
        return channel


def _code(number: int) -> Code:
    try:
        return Code(number)
    except ValueError:
        return Code.INTERNAL
