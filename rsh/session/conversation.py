"""What is said in a session, whatever stream it travels on: channels, pings, services for the peer's requests."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from rsh.errors import Code, Refused, RshError, SessionGone
from rsh.protocol.events import Accepted, Arrived, Closed, Credited, Opened, Pinged, Ponged, Told
from rsh.protocol.frames import Buffer
from rsh.protocol.link import Link
from rsh.protocol.requests import Request
from rsh.session.channel import Channel
from rsh.session.deadline import NEVER, Deadline
from rsh.session.interrupts import Interrupts
from rsh.session.writer import Taken

# Pings of applications that are under way at once, also those that nobody waits for any more: a peer takes more than
# twice as many for an attack (outbox.MAX_PONGS).
MAX_PINGS: Final = 6

Service: TypeAlias = Callable[[Channel], None]
Said: TypeAlias = Accepted | Arrived | Closed | Credited | Opened | Pinged | Ponged | Told


class Conversation(ABC):
    """The channels of one end, and what applications do with them.

    Attributes:
        error: why it has ended; None while it lives.
    """

    def __init__(self, link: Link, *, name: str, serve: Service | None) -> None:
        self.error: RshError | None = None
        self._link = link  # guarded by _lock, as everything below
        self._name = name
        self._serve = serve
        self.interrupts = Interrupts()  # as writer.Writer.interrupts
        self._lock = threading.Lock()
        self._to_send = threading.Condition(self._lock)  # the writer waits on it
        self._changed = threading.Condition(self._lock)  # greeting, pongs and the end; applications wait on it
        self._channels: dict[int, Channel] = {}
        self._serving = 0  # services at work, also for channels that the peer has closed meanwhile
        self._pings = 0  # tokens of our Pings, counted
        self._pongs: dict[int, tuple[float, int] | None] = {}  # of those awaited: when it came, the peer's clock
        self._unanswered: set[int] = set()  # tokens that are under way on this stream
        self._left: deque[Callable[[], None]] = deque()  # to be done later; without the lock

    # --- applications ---

    def open(self, request: Request, *, bulk: bool = False) -> Channel:
        """Open a channel; it may be written to at once. Whether it is served, `wait_accepted` tells."""
        self.do_left()
        with self._lock:
            if self.error:
                raise _before(self.error)
            with self.interrupts:
                number = self._link.open(request, bulk=bulk)
                channel = self._add_channel(number, request)
                self._to_send.notify()
            return channel

    def ping(self, deadline: Deadline) -> tuple[float, int]:
        """Measure a round trip; when many do so at once, wait for one's turn first.

        Returns:
            Its length in seconds, and the peer's clock in nanoseconds since 1970.
        """
        with self._lock:
            while len(self._unanswered) >= MAX_PINGS and self.error is None:
                deadline.check("ping")
                self._changed.wait(deadline.left())
            self._pings += 1
            token = self._pings
            try:
                start = time.perf_counter()
                with self.interrupts:
                    self._link.ping(token)
                    self._unanswered.add(token)
                    self._pongs[token] = None
                    self._to_send.notify()
                came, clock = self._wait_pong(token, deadline)
            finally:
                self._pongs.pop(token, None)
        return came - start, clock

    def _wait_pong(self, token: int, deadline: Deadline) -> tuple[float, int]:
        while (pong := self._pongs[token]) is None:
            if self.error:
                raise self.error
            deadline.check("ping")
            self._changed.wait(deadline.left())
        return pong

    def wait_idle(self, deadline: Deadline = NEVER, besides: tuple[type, ...] = ()) -> bool:
        """Wait until no channel is open, besides those for certain kinds of requests; False at the deadline."""
        with self._lock:
            return self._wait_idle(deadline, besides)

    def _wait_idle(self, deadline: Deadline, besides: tuple[type, ...]) -> bool:
        """As wait_idle; with _lock held, which is let go of while it waits."""
        while not self._is_idle(besides) and not deadline.expired:
            self._changed.wait(deadline.left())
        return self._is_idle(besides)

    def _is_idle(self, besides: tuple[type, ...]) -> bool:
        return all(isinstance(channel.request, besides) for channel in self._channels.values())

    def describe_open(self) -> list[str]:
        """Name what is open: each channel with what it was opened for."""
        with self._lock:
            return [f"{number}: {type(each.request).__name__.lower()}" for number, each in self._channels.items()]

    # --- writing: as writer.Writer ---

    def do_later(self, work: Callable[[], None]) -> None:
        """As writer.Writer.do_later: when the next frame comes, or the next channel is opened."""
        self._left.append(work)

    def do_left(self) -> None:
        """Do what has been left for later. The lock is not held."""
        while self._left:
            self._left.popleft()()

    def wake(self) -> None:
        """Have the writer write. The lock is held."""
        self._to_send.notify()

    @property
    @abstractmethod
    def direct(self) -> bool:
        """As writer.Writer.direct."""

    @abstractmethod
    def take(self, number: int, lane: int, parts: tuple[Buffer, ...], length: int) -> Taken | None:
        """As writer.Writer.take."""

    @abstractmethod
    def write_taken(self, taken: Taken) -> None:
        """As writer.Writer.write_taken."""

    # --- what the peer says ---

    def _handle(self, event: Said) -> Callable[[], None] | None:
        """Act on an event. The lock is held; what must happen without it is returned."""
        if isinstance(event, Arrived):
            if channel := self._channels.get(event.channel):
                return channel.arrived(event.lane, event.payload, event.end)
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
        elif isinstance(event, Pinged):
            self._link.pong(event.token, time.time_ns())
        else:
            self._ponged(event)
        return None

    def _ponged(self, event: Ponged) -> None:
        self._unanswered.discard(event.token)
        if event.token in self._pongs:
            self._pongs[event.token] = (time.perf_counter(), event.clock)
        self._changed.notify_all()

    def _ping_again(self) -> None:
        """Repeat the Pings that went down with their stream; with _lock held."""
        self._unanswered = {token for token, pong in self._pongs.items() if pong is None}
        for token in self._unanswered:
            self._link.ping(token)

    # --- services ---

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
        code = code_of(event.code)
        if code is Code.SHUTDOWN and not channel.served:
            channel.ended(SessionGone(code, event.text, unheard=True))
        else:
            channel.ended(Refused(code, event.text) if code else None)
        self._changed.notify_all()
        return lambda: channel.told(None)

    def _add_channel(self, number: int, request: Request) -> Channel:
        channel = Channel(number, request, self._link, self._lock, self)
        self._channels[number] = channel
        return channel


def _before(error: RshError) -> RshError:
    """Give why a request cannot be made: in a session that was gone before, it has certainly not begun."""
    return SessionGone(error.code, str(error), unheard=True) if isinstance(error, SessionGone) else error


def code_of(number: int) -> Code:
    """Give the code that a number of the wire stands for."""
    try:
        return Code(number)
    except ValueError:
        return Code.INTERNAL
