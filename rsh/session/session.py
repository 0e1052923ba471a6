"""A running link: who reads, who writes, who serves. It survives its streams.

Threads, by name, and what ends them:

    reader    one for each stream, runs `run`: reads, feeds the link, hands events out. It never waits for an
              application (their windows stop a peer that is too fast) and never writes. Ends when the stream does,
              or when a newer stream has taken its place: from then on nothing that it reads is taken in.
    writer    one for each session (writing.py): writes what the link has to send. Ends with the session.
    keeper    on a client whose session survives its stream: dials again (keeper.py). Ends with the session.
    serve-N   one for each channel that the peer opened. Ends when the service returns; every blocking call it makes
              fails when the session ends.

A stream is lost under the lock, exactly once, by whoever sees it first: its reader at the end of the bytes, `tend` when
the peer is silent, `resume` when the peer comes on another stream. Closing it wakes reader and writer where they are.

One lock guards the link and the channels; nobody does I/O while holding it. The rejected alternative, a lock held
across `sendall`, stops for ever as soon as both ends send more than the kernel buffers at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from rsh.errors import Code, LinkError, LinkSilent, ProtocolError, Refused, RshError, SessionGone
from rsh.protocol.events import Ended, Event, Welcomed
from rsh.protocol.frames import MAX_PAYLOAD, Decoder, Frame
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import Hello, Welcome
from rsh.protocol.states import LinkState
from rsh.session.channel import Channel
from rsh.session.condition import Condition, Conditions, Watcher
from rsh.session.conversation import Service, code_of
from rsh.session.deadline import NEVER, Deadline
from rsh.session.pulse import Pulse, Verdict
from rsh.session.writing import Writing
from rsh.transport.stream import Stream

# Seconds of silence after which the peer is asked, and that it gets to answer. The client asks first: an idle session
# costs a busy server one Pong in ten seconds, and the user learns first that nobody is there.
CLIENT_PULSE: Final = (10.0, 7.0)
SERVER_PULSE: Final = (15.0, 15.0)

# The Ping of the pulse has this token; nobody waits for its Pong.
PULSE_TOKEN: Final = 0


class Session(Writing):
    """One end of a conversation with its threads and its current stream.

    Attributes:
        welcome: what the server said of itself; on the server, what it said to the client.
        error: why the session ended; None while it lives.
        away_since: when the stream was lost, as time.monotonic() counts; None while there is one.
        lost_by: how the last stream was lost.
        knock: has the keeper dial now; set by the keeper.
        received_bytes: on all its streams, for whoever shows a rate.
    """

    def __init__(self, link: Link, *, name: str = "rsh", serve: Service | None = None, survives: bool = False) -> None:
        """Prepare a session; `attach` begins it.

        Args:
            link: its bookkeeping; nobody else touches it from now on.
            name: for the names of threads.
            serve: serves a channel that the peer opened.
            survives: it waits for another stream when one is lost, instead of ending.
        """
        super().__init__(link, name=name, serve=serve)
        self.welcome: Welcome | None = None
        self.received_bytes = 0
        self.away_since: float | None = None
        self.lost_by: LinkError | None = None
        self._conditions = Conditions(connected=link.role is Role.SERVER)
        self._survives = survives
        self._pulse_of = CLIENT_PULSE if link.role is Role.CLIENT else SERVER_PULSE
        self._pulse = self._new_pulse()
        self.knock: Callable[[], None] = _nothing
        self._all_told = threading.Event()  # every channel's listener has heard of the end

    # --- streams ---

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

    def expire(self, error: RshError) -> bool:
        """End the session if it is away; whether it has ended."""
        return self._end(error, only_away=True)

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

    def _take(self, stream: Stream) -> None:
        """Make a stream the one in use; with _lock held. Raises Refused: no thread can be had."""
        self._write_on(stream)
        self._pulse = self._new_pulse()
        self.away_since = None

    def _new_pulse(self) -> Pulse:
        idle, patience = self._pulse_of
        return Pulse(time.monotonic(), idle=idle, patience=patience)

    # --- condition ---

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

    def retry_now(self) -> None:
        """Dial now, if there is no connection; the user knows that the network is back."""
        self.knock()

    def give_up(self) -> None:
        """End the session without waiting for the network: the user does not want to."""
        self._say_goodbye(Code.NONE, "", Deadline(0.2))
        self._end(LinkError("given up"))

    def note(self, condition: Condition) -> None:
        """Take what the keeper says of its attempts, as long as there is no connection."""
        with self._lock:
            if self.condition.connected or self.error is not None:
                return
            self._conditions.set(condition)
        self._conditions.tell()

    # --- readers ---

    def run(self, stream: Stream, decoder: Decoder) -> None:
        """Read the stream until it ends, in this thread. Then the session waits for another one, or is over."""
        try:
            self._read_loop(stream, decoder)
            self.lose(stream, _orderly_end(stream))
        except LinkError as error:
            self.lose(stream, error)
        except RshError as error:
            self._break_off(stream, error)
        finally:
            stream.close()
            # A bug in here must not leave a session that nobody reads.
            self.lose(stream, LinkError("the reader has failed"))

    def start(self, stream: Stream, decoder: Decoder) -> None:
        """Read the stream in a thread of its own."""
        threading.Thread(target=self.run, args=(stream, decoder), name=f"{self._name} reader", daemon=True).start()

    @property
    def direct(self) -> bool:
        """Whether the server has found that both ends are one machine, with nothing in between."""
        return self.welcome is not None and self.welcome.direct

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

    def close_idle(self, code: Code, text: str, deadline: Deadline, besides: tuple[type, ...] = ()) -> bool:
        """Close as soon as no channel is open, besides those for certain kinds of requests.

        Nothing comes in between: a request of the peer that is not served will have been `SessionGone.unheard`.

        Returns:
            False when the deadline came first; then the session goes on.
        """
        with self._lock:
            if not self._wait_idle(deadline, besides):
                return False
            if self.error is None and self._stream is not None:
                self._link.goodbye(code, text[:1024])
                self._to_send.notify()
        self.close(code, text)
        return True

    def wait_end(self, deadline: Deadline = NEVER) -> bool:
        """Wait until the session has ended; False when the deadline came first."""
        with self._lock:
            while self.error is None and not deadline.expired:
                self._changed.wait(deadline.left())
            return self.error is not None

    def _read_loop(self, stream: Stream, decoder: Decoder) -> None:
        pulse = self._pulse
        count = -1  # With its Hello a client may have sent more.
        while count:
            while (frame := decoder.next_frame()) is not None:
                if not self._take_in(frame, stream, decoder):
                    return
            count = stream.readinto(decoder.space())
            decoder.filled(count)
            pulse.heard = time.monotonic()
            self.received_bytes += count
        if not decoder.between_frames:
            raise LinkError("the connection broke off in the middle of a frame")

    def _take_in(self, frame: Frame, stream: Stream, decoder: Decoder) -> bool:
        """Give a frame to the link and act on it; False when a newer stream has taken the place of this one."""
        self.close_left()
        with self._lock:
            if self._stream is not stream:
                return False
            event = self._link.receive(frame, time.monotonic())
            outside = self._act(event, decoder) if event is not None else None
            if self._link.wants_to_send():
                self._to_send.notify()
        if outside is not None:
            outside()
        return True

    def _act(self, event: Event, decoder: Decoder) -> Callable[[], None] | None:
        """Act on an event. The lock is held; what must happen without it is returned."""
        if isinstance(event, Welcomed):
            return self._welcomed(event.welcome, decoder)
        if isinstance(event, Ended):
            raise self._farewell(event)
        return self._handle(event)

    def _welcomed(self, welcome: Welcome, decoder: Decoder) -> Callable[[], None]:
        self.welcome = welcome
        decoder.limit = MAX_PAYLOAD
        self._conditions.set(Condition(connected=True, since=time.monotonic()))
        self._ping_again()
        self._changed.notify_all()
        return self._conditions.tell

    def _farewell(self, event: Ended) -> RshError:
        if self._link.state is not LinkState.CLOSED:
            return LinkError(event.text)  # no room for us just now
        code = code_of(event.code)
        if code in (Code.NO_SESSION, Code.SHUTDOWN):
            return SessionGone(code, event.text)
        return Refused(code, event.text) if event.code else LinkError("the other side said goodbye")

    # --- ending ---

    def _say_goodbye(self, code: Code, text: str, deadline: Deadline | None = None) -> None:
        deadline = deadline or Deadline(1.0)
        with self._lock:
            if self.error is not None or self._stream is None:
                return
            self._link.goodbye(code, text[:1024])
            self._to_send.notify()
            self._wait_written(deadline)

    def _break_off(self, stream: Stream, error: RshError) -> None:
        """End the session because of what came on a stream, unless that is an old one by now."""
        with self._lock:
            current = self._stream is stream
        if not current:
            return
        if isinstance(error, ProtocolError):
            self._say_goodbye(Code.PROTOCOL, str(error))
        self._end(error)

    def _end(self, error: RshError, *, only_away: bool = False) -> bool:
        """End the session for everyone in it; the first reason counts. Whether it was this one."""
        with self._lock:
            if self.error is not None or (only_away and self._stream is not None):
                return False
            self.error = error
            since = time.monotonic() if self.condition.connected else self.condition.since
            self._conditions.set(Condition(connected=False, since=since, reason=str(error)))
            channels = list(self._channels.values())
            self._channels.clear()
            for channel in channels:
                channel.ended(self._reason(channel, error))
            self._link.abandon()
            stream, self._stream = self._stream, None
            self._changed.notify_all()
            self._to_send.notify_all()
        if stream is not None:
            stream.close()
        for channel in channels:
            channel.told(None)
        self._all_told.set()
        self._conditions.tell()
        return True

    def _reason(self, channel: Channel, error: RshError) -> RshError:
        """Give what is said of the session's end in one channel; with _lock held."""
        if isinstance(error, SessionGone) and self._link.is_unheard(channel.number):
            return SessionGone(error.code, str(error), unheard=True)
        return error


def _orderly_end(stream: Stream) -> LinkError:
    """Tell how a stream was lost that has ended in order, but without a Goodbye.

    Under TLS only a peer that lives can end one in order: it has given this stream up because it heard nothing of us.
    Nobody knows when its network will be back. A kernel that closes for a process which was killed sends no such word.
    """
    words = "the connection was closed"
    return LinkSilent(words) if stream.encrypted else LinkError(words)


def _nothing() -> None:
    """Nobody dials for this session."""
