"""A channel for applications: blocking reads and writes on top of the link's bookkeeping."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from rsh.errors import Code, Refused, RshError
from rsh.protocol.channel import LANES
from rsh.protocol.frames import MAX_DATA, MAX_PAYLOAD, Buffer
from rsh.protocol.link import Link
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.requests import Request
from rsh.protocol.states import LinkState
from rsh.session.deadline import NEVER, Deadline
from rsh.session.writer import LITTLE, Writer

# What one channel may leave to the writer before its application waits, and how little is left when it is woken: a full
# frame keeps the writer busy meanwhile, and a thread that is woken for each frame costs more than it does.
MAX_UNSENT: Final = 4 * MAX_PAYLOAD
FEW_UNSENT: Final = MAX_PAYLOAD

# Pieces this small are joined as they arrive: a peer that sends single bytes must not cost a hundred bytes for each.
SMALL_PIECE: Final = 4096

# Seconds after which a lock that is still held is held by ourselves: others do so for some microseconds.
LONG_HELD: Final = 0.2

Listener: TypeAlias = Callable[[Signal | Resize | Exit | None], None]


class Channel:
    """One conversation in a session.

    Reading and writing may be done by different threads, each lane by its own. All methods may be called at any time;
    after the channel or its session has ended they say so by an RshError.

    Attributes:
        number: the channel's number, for the log.
        request: what it was opened for.
        frame: bytes that one frame may carry.
        closed_in_order: whether the peer was done with it and had nothing to complain about.
    """

    frame: Final = MAX_DATA

    def __init__(self, number: int, request: Request, link: Link, lock: threading.Lock, writer: Writer) -> None:
        self.number = number
        self.request = request
        self.closed_in_order = False
        self._link = link  # guarded by _lock, as everything below
        self._lock = lock  # the session's one lock; never held across I/O
        self._writer = writer
        self._readable = threading.Condition(lock)  # readers and wait_accepted wait on it
        self._writable = threading.Condition(lock)  # writers wait on it
        self._crowded = False  # a writer waits because the queue is full, not for credit
        self._pieces: tuple[deque[Buffer], ...] = tuple(deque() for _ in range(LANES))
        self._ended = [False] * LANES  # the peer's halves
        self._accepted = False
        self._closed: RshError | None = None  # why nothing more will come or go
        self._arrivals: list[Callable[[], None] | None] = [None] * LANES  # who is told that something has come
        self._listener: Listener | None = None
        self._unheard: list[Signal | Resize | Exit | None] = []  # arrived before anybody listened

    @property
    def closed_by(self) -> RshError | None:
        """Why nothing more will come or go; None while the channel lives."""
        return self._closed

    @property
    def direct(self) -> bool:
        """Whether both ends are known to be one machine, with nothing in between."""
        return self._writer.direct

    @property
    def adrift(self) -> bool:
        """Whether the peer is gone for now: the session waits for it to come back."""
        return self._link.state is LinkState.DETACHED

    # --- application ---

    def read(self, lane: int = 0, deadline: Deadline = NEVER) -> Buffer:
        """Wait for the next piece of a lane.

        Returns:
            The bytes as they arrived, at least one; b"" at the end of the lane. The buffer is the caller's.

        Raises:
            RshError: the channel ended before the lane did, and why; DeadlineExpired.
        """
        with self._lock:
            while (piece := self._take(lane)) is None:
                self._wait(deadline)
            return piece

    def read_now(self, lane: int = 0) -> Buffer | None:
        """As `read`, but None when nothing is there."""
        with self._lock:
            return self._take(lane)

    def hand(self, lane: int, arrived: Callable[[], None]) -> None:
        """Have `arrived` called when something has come in a lane, and when the channel or the session has ended.

        It is called by the session's reader, or who ends it, and must not block; `read_now` gives what has come.
        """
        with self._lock:
            self._arrivals[lane] = arrived

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        """Send the parts, joined, in a lane; wait for the peer's credit. The buffers must not change afterwards.

        One call with at most `frame` bytes of bulk data travels as one frame when there is credit for it.
        """
        length = sum(map(len, parts))
        if length <= MAX_DATA and self._write_whole(parts, length, lane):
            return
        rest = memoryview(parts[0] if len(parts) == 1 else b"".join(parts))
        while rest:
            rest = rest[self._write_some(rest, lane) :]

    def end(self, lane: int = 0) -> None:
        """Say that nothing more comes in a lane; ending it twice, or on a closed channel, is no error."""
        with self._lock, self._writer.interrupts:
            if self._link.credit(self.number, lane) >= 0:
                self._link.send(self.number, lane, (), 0, end=True)
                self._writer.wake()

    def accept(self, *, bulk: bool = False) -> None:
        """Serve the request; with `bulk` everything else on the link goes before this channel's data."""
        with self._lock, self._writer.interrupts:
            if not self._closed:
                self._link.accept(self.number, bulk=bulk)
                self._writer.wake()

    @property
    def served(self) -> bool:
        """Whether the peer has accepted the request."""
        return self._accepted

    def wait_accepted(self, deadline: Deadline = NEVER) -> None:
        """Wait until the peer serves the request; raise what it says when it does not."""
        with self._lock:
            while not self._accepted:
                if self._closed:
                    raise self._closed
                self._wait(deadline)

    def tell(self, message: Signal | Resize | Exit) -> None:
        """Send a message; on a closed channel nothing happens."""
        with self._lock, self._writer.interrupts:
            self._link.tell(self.number, message)
            self._writer.wake()

    def close(self, code: Code = Code.NONE, text: str = "", *, discard: bool = False) -> None:
        """Be done with the channel, in order after what was written, or with `discard` at once."""
        with self._lock, self._writer.interrupts:
            self._link.close(self.number, code, text, discard=discard)
            self._writer.wake()
            if self._closed is None:
                self._closed = Refused(Code.CANCELLED, "the channel was closed here")
            self._wake_all()
            arrivals = [each for each in self._arrivals if each is not None]
        for arrived in arrivals:
            arrived()

    def leave(self) -> None:
        """Close the channel at the end of a generator that may be left half way.

        The garbage collector ends such a generator in the middle of anything, also of what this very thread does with
        the session's lock held. Then it is closed later.
        """
        if self._lock.acquire(timeout=LONG_HELD):
            self._lock.release()
            self.close()
        else:
            self._writer.do_later(self.close)

    def listen(self, listener: Listener) -> None:
        """Have messages handed to `listener`, and None once when the channel or the session has ended.

        It is called by the session's reader and must not block.
        """
        with self._lock:
            self._listener = listener
            unheard, self._unheard = self._unheard, []
        for message in unheard:
            listener(message)

    # --- session: these are called by its reader ---

    def arrived(self, lane: int, payload: Buffer, end: bool) -> Callable[[], None] | None:
        """Queue a piece; give who is to be told, if anybody. The session's lock is held."""
        pieces = self._pieces[lane]
        if payload and self._closed is None:
            last = pieces[-1] if pieces else b""
            if isinstance(last, bytearray) and len(last) + len(payload) <= SMALL_PIECE:
                last += payload
            else:
                pieces.append(payload)
        self._ended[lane] = self._ended[lane] or end
        handed = self._arrivals[lane]
        if handed is None:
            self._readable.notify_all()
        return handed

    def accepted(self) -> None:
        """Take note that the peer serves the request. The session's lock is held."""
        self._accepted = True
        self._readable.notify_all()

    def credited(self) -> None:
        """Wake writers: there is credit. The session's lock is held."""
        self._writable.notify_all()

    def drained(self) -> None:
        """Wake writers that wait for room in the queue. The session's lock is held."""
        if self._crowded and self._link.unsent(self.number) <= FEW_UNSENT:
            self._crowded = False
            self._writable.notify_all()

    def told(self, message: Signal | Resize | Exit | None) -> None:
        """Hand a message on. The session's lock is NOT held."""
        with self._lock:
            listener = self._listener
            if listener is None:
                self._unheard.append(message)
                del self._unheard[:-16]
            arrivals = [] if message is not None else [each for each in self._arrivals if each is not None]
        if listener is not None:
            listener(message)
        for arrived in arrivals:
            arrived()

    def ended(self, error: RshError | None) -> None:
        """Take note that the peer closed the channel (None: in order) or the session is gone. The lock is held."""
        if self._closed is None:
            self.closed_in_order = error is None
            self._closed = error or Refused(Code.CANCELLED, "the other side closed the channel")
        self._wake_all()

    def forget(self) -> None:
        """Drop what was not read: its service is over. The session's lock is held."""
        for pieces in self._pieces:
            pieces.clear()

    # --- inside ---

    def _take(self, lane: int) -> Buffer | None:
        """Give the next piece of a lane, b"" at its end; None when there is none yet. The lock is held."""
        pieces = self._pieces[lane]
        if not pieces:
            if self._ended[lane]:
                return b""
            if self._closed:
                raise self._closed
            return None
        with self._writer.interrupts:
            piece = pieces.popleft()
            if self._link.consume(self.number, lane, len(piece)):
                self._writer.wake()
        return piece

    def _wait(self, deadline: Deadline) -> None:
        deadline.check("waiting for the other side")
        self._readable.wait(deadline.left())

    def _wake_all(self) -> None:
        self._readable.notify_all()
        self._writable.notify_all()

    def _wait_for_credit(self, lane: int) -> int:
        """Give the credit of a lane once there is some and room in the queue. The lock is held."""
        while True:
            if self._closed:
                raise self._closed
            credit = self._link.credit(self.number, lane)
            if credit < 0:
                raise Refused(Code.CANCELLED, "the lane has ended")
            crowded = self._link.unsent(self.number) >= MAX_UNSENT
            if credit > 0 and not crowded:
                return credit
            self._crowded = self._crowded or crowded  # Another lane's writer may wait already.
            self._writable.wait()

    def _write_whole(self, parts: tuple[Buffer, ...], length: int, lane: int) -> bool:
        if length == 0:
            return True
        with self._lock:
            if self._wait_for_credit(lane) < length:
                return False
            with self._writer.interrupts:
                taken = self._writer.take(self.number, lane, parts, length) if length <= LITTLE else None
                if taken is None:
                    self._link.send(self.number, lane, parts, length)
                    self._writer.wake()
        if taken is not None:
            self._writer.write_taken(taken)
        return True

    def _write_some(self, rest: memoryview, lane: int) -> int:
        with self._lock:
            length = min(self._wait_for_credit(lane), len(rest), MAX_DATA)
            with self._writer.interrupts:
                self._link.send(self.number, lane, (rest[:length],), length)
                self._writer.wake()
            return length
