"""A running link: who reads, who writes, who serves. It survives its streams.

Threads, by name, and what ends them:

    reader    one for each stream, runs `run`: reads, feeds the link, hands events out. It never waits for an
              application (their windows stop a peer that is too fast) and never writes. Ends when the stream does,
              or when a newer stream has taken its place: from then on nothing that it reads is taken in.
    writer    one for each session (writing.py): writes what the link has to send. Ends with the session.
    keeper    on a client whose session survives its stream: dials again (keeper.py). Ends with the session.
    serve-N   one for each channel that the peer opened. Ends when the service returns; every blocking call it makes
              fails when the session ends.

One lock guards the link and the channels; nobody does I/O while holding it. The rejected alternative, a lock held
across `sendall`, stops for ever as soon as both ends send more than the kernel buffers at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rsh.errors import Code, LinkError, LinkSilent, ProtocolError, Refused, RshError, SessionGone
from rsh.protocol.events import Ended, Event, Welcomed
from rsh.protocol.frames import MAX_PAYLOAD, Decoder, Frame
from rsh.protocol.link import Link
from rsh.protocol.messages import Welcome
from rsh.protocol.states import LinkState
from rsh.session.channel import Channel
from rsh.session.condition import Condition
from rsh.session.conversation import Service, code_of
from rsh.session.deadline import NEVER, Deadline
from rsh.session.streams import Streams
from rsh.transport.stream import Stream


class Session(Streams):
    """One end of a conversation with its threads and its current stream.

    Attributes:
        error: why the session ended; None while it lives.
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
        super().__init__(link, name=name, serve=serve, survives=survives)
        self.received_bytes = 0
        self.knock: Callable[[], None] = _nothing
        self._all_told = threading.Event()  # every channel's listener has heard of the end

    def retry_now(self) -> None:
        """Dial now, if there is no connection; the user knows that the network is back."""
        self.knock()

    def give_up(self) -> None:
        """End the session without waiting for the network: the user does not want to."""
        self._say_goodbye(Code.NONE, "", Deadline(0.2))
        self._end(LinkError("given up"))

    def wait_welcome(self, deadline: Deadline) -> Welcome:
        """Wait until the server has answered our Hello; raise what came instead."""
        with self._lock:
            while self.welcome is None:
                if self.error:
                    raise self.error
                deadline.check("waiting for the server's greeting")
                self._changed.wait(deadline.left())
            return self.welcome

    def expire(self, error: RshError) -> bool:
        """End the session if it is away; whether it has ended."""
        return self._end(error, only_away=True)

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
        self.do_left()
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
