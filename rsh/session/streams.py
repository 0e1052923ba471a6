"""The streams of a session: how one follows another, and whether the peer at the other end still lives.

A stream is lost under the lock, exactly once, by whoever sees it first: its reader at the end of the bytes, `tend` when
the peer is silent, `resume` when the peer comes on another stream. Closing it wakes reader and writer where they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from rsh.errors import Code, LinkError, LinkSilent, Refused
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import Hello, Welcome
from rsh.protocol.states import LinkState
from rsh.session.condition import Condition, Conditions, Watcher
from rsh.session.conversation import Service
from rsh.session.pulse import Pulse, Verdict
from rsh.session.writing import Writing
from rsh.transport.stream import Stream

# Seconds of silence after which the peer is asked, and that it gets to answer. The client asks first: an idle session
# costs a busy server one Pong in ten seconds, and the user learns first that nobody is there.
CLIENT_PULSE: Final = (10.0, 7.0)
SERVER_PULSE: Final = (15.0, 15.0)

# The Ping of the pulse has this token; nobody waits for its Pong.
PULSE_TOKEN: Final = 0


class Streams(Writing):
    """A conversation that goes over one stream after another.

    Attributes:
        welcome: what the server said of itself; on the server, what it said to the client.
        away_since: when the stream was lost, as time.monotonic() counts; None while there is one.
        lost_by: how the last stream was lost.
    """

    def __init__(self, link: Link, *, name: str, serve: Service | None, survives: bool) -> None:
        super().__init__(link, name=name, serve=serve)
        self.welcome: Welcome | None = None
        self.away_since: float | None = None
        self.lost_by: LinkError | None = None
        self._conditions = Conditions(connected=link.role is Role.SERVER)
        self._survives = survives
        self._pulse_of = CLIENT_PULSE if link.role is Role.CLIENT else SERVER_PULSE
        self._pulse = self._new_pulse()

    def attach(self, stream: Stream) -> None:
        """Begin on this stream; the link has greeted, or has been greeted, on it.

        Raises:
            Refused: no thread can be had.
        """
        with self._lock:
            if self._stream is None and self.error is None:
                self._take(stream)
                return
        stream.close()  # its peer was faster, on another stream

    def greet_again(self, stream: Stream, software: str, account: str, age: int, patience: int | None) -> None:
        """Client: go on over this stream; whether the server resumes the session, `condition` will tell.

        Args:
            stream: connected; it belongs to the session now.
            software, account: as in the first Hello.
            age: milliseconds since that, in case no Welcome has come yet.
            patience: seconds without a connection after which we give up; None: never.

        Raises:
            RshError: the session has ended meanwhile.
        """
        with self._lock:
            if self.error:
                raise self.error
            self._link.greet(software, account, 0 if self.welcome else max(1, age), patience, stream.ends[0])
            self._take(stream)

    def resume(self, stream: Stream, hello: Hello, welcome: Welcome) -> None:
        """Server: go on over this stream. A stream that is still there is given up.

        The caller has made sure that the key of the peer owns the session.

        Raises:
            Refused: the session has ended, or a newer stream was here first. ProtocolError: the numbers do not fit.
        """
        with self._lock:
            if self.error or self._link.state is LinkState.CLOSED:
                raise Refused(Code.NO_SESSION, "the session is gone")
            if hello.epoch <= self._link.epoch:
                raise Refused(Code.SUPERSEDED, "a newer connection of this session took over")
            self._link.resume(hello, replace(welcome, expected=self._link.received))
            self.welcome = welcome
            old = self._stream
            self._take(stream)
            self._conditions.set(Condition(connected=True, since=time.monotonic()))
        if old is not None:
            old.close()
        self._conditions.tell()

    def fence(self, epoch: int) -> None:
        """Server: give the stream up if it is older than this epoch: its peer is on its way here on another one."""
        with self._lock:
            old = self._stream if self._link.epoch < epoch else None
        if old is not None:
            self.lose(old, LinkError("its client dialled again"))

    def lose(self, stream: Stream, error: LinkError) -> None:
        """Take note that a stream is gone, if it is still the one in use. The session waits for another, or ends."""
        with self._lock:
            current = self._stream is stream
            waits = current and self._survives and self._link.state is not LinkState.CLOSED and self.error is None
            if waits:
                self._link.detach()
                self._stream = None
                self.lost_by = error
                self.away_since = time.monotonic()
                since = self.away_since if self.condition.connected else self.condition.since
                self._conditions.set(Condition(connected=False, since=since, reason=str(error)))
                self._changed.notify_all()
        stream.close()
        if waits:
            self._conditions.tell()
        elif current:
            self._end(error)

    def tend(self, *, hurry: bool = False) -> None:
        """Look after the stream: ask a silent peer whether it is there, and give a dead one up. Call it once a second.

        Args:
            hurry: the machine has slept: ask at once, and do not wait long.
        """
        with self._lock:
            stream = self._stream
            if stream is None or self.error is not None:
                return
            now = time.monotonic()
            waits = self._link.awaits_acknowledgement
            verdict = self._pulse.hurry(now) if hurry else self._pulse.look(now, stream.delivered(), waits=waits)
            broken = not self._writable
            if verdict is Verdict.ASK:
                self._link.ping(PULSE_TOKEN)
                self._to_send.notify()
        if verdict is Verdict.DEAD:
            self.lose(stream, LinkSilent(f"{stream.peer}: no answer"))
        elif broken:
            self.lose(stream, LinkError(f"{stream.peer}: the connection broke off"))

    # --- how it stands ---

    @property
    def condition(self) -> Condition:
        """How the connection is, for a user."""
        return self._conditions.current

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have `watcher` called with every new condition, and once when the session has ended.

        It is called by the session's threads, with no lock held, and must not block.

        Returns:
            A function that stops it.
        """
        return self._conditions.watch(watcher)

    def note(self, condition: Condition) -> None:
        """Take what the keeper says of its attempts, as long as there is no connection."""
        with self._lock:
            if self.condition.connected or self.error is not None:
                return
            self._conditions.set(condition)
        self._conditions.tell()

    @property
    def heard(self) -> float:
        """When bytes came last, as time.monotonic() counts."""
        return self._pulse.heard

    @property
    def unanswered(self) -> float:
        """Seconds since the peer was asked whether it is there, if it has not answered; 0 otherwise."""
        return self._pulse.unanswered(time.monotonic())

    @property
    def kept(self) -> int:
        """Bytes of data that the session holds."""
        with self._lock:
            return self._link.kept

    @property
    def progress(self) -> int:
        """Numbered frames that have got through so far, in both directions."""
        with self._lock:
            return self._link.progress

    @property
    def direct(self) -> bool:
        """Whether the server has found that both ends are one machine, with nothing in between."""
        return self.welcome is not None and self.welcome.direct

    # --- inside ---

    def _take(self, stream: Stream) -> None:
        """Make a stream the one in use; with _lock held. Raises Refused: no thread can be had."""
        self._write_on(stream)
        self._pulse = self._new_pulse()
        self.away_since = None

    def _new_pulse(self) -> Pulse:
        idle, patience = self._pulse_of
        return Pulse(time.monotonic(), idle=idle, patience=patience)
