"""The process that holds a shared connection: one authenticated session, and a Unix socket for this user's clients.

Clients speak the protocol of the wire over the socket, as with a daemon; the kernel vouches for them. Their channels
are relayed. The connection itself survives drops as any other does; clients notice a pause. While it is away, new ones
are turned away, and dial for themselves.

When the daemon was restarted it is dialled again: clients are told that the session is gone, as by the daemon itself,
and come back here for the next one.

Threads: one that accepts, one reader for each client, and the main one, which dials again and waits for the end: no
client for a while, the connection gone for good, or a signal.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from rsh import places
from rsh.client.dialling import dial, mux_place
from rsh.client.dialling.mux_place import About, Place
from rsh.client.dialling.reaching import reach_again
from rsh.client.dialling.relay import Relay
from rsh.client.terminal.signals import SignalRelay
from rsh.client.text import complaints
from rsh.errors import Code, LinkError, RshError, SessionGone, UsageError
from rsh.protocol.frames import Decoder
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import Hello
from rsh.session import greeting
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport import listening, sockets
from rsh.transport.stream import SocketStream, Stream

log = logging.getLogger("rsh.client")

# Said on our standard output once clients can come.
READY: Final = b"ready\n"

# Clients at once: a daemon serves 64 requests in a session. Whoever is too many dials for itself.
MAX_CLIENTS: Final = 48

# Channels of one client.
MAX_CHANNELS: Final = 64

# Seconds for a client's Hello.
HANDSHAKE: Final = 5.0

# Seconds without a connection after which everything ends, as for a command without a terminal.
PATIENCE: Final = 600.0

# Seconds that clients get to hear how their commands ended, when the session has ended right behind them.
PARTING: Final = 1.0

# Seconds for one attempt to reach a daemon that is being restarted.
ATTEMPT: Final = 20.0


def main() -> int:
    """Share a connection until it is over: HOST PERSIST TIMEOUT. Say so when it can be used; give the exit status."""
    host, persist, timeout = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    try:
        mux = Mux(_reach(host, Deadline(timeout)))
        with SignalRelay((signal.SIGTERM, signal.SIGINT, signal.SIGHUP), lambda _: mux.stop()):
            mux.run(host, persist)
    except RshError as error:
        complaints.complain("mux", error)
        return error.exit_status
    return 0


def _reach(host: str, deadline: Deadline) -> Session:
    """Dial and wait until the server has taken us."""
    session = dial.dial(host, deadline=deadline, patience=PATIENCE).session
    try:
        session.wait_welcome(deadline)
    except BaseException:  # interrupted, too: nobody else knows of this session
        session.close()
        raise
    return session


def _listen(place: Place) -> socket.socket:
    """Listen on our socket. Raises UsageError: something else is in its place."""
    try:
        with place.address() as where:
            (listener,) = listening.listen(where)
    except UsageError as error:  # which names the way that we took
        raise UsageError(f"{place.path(mux_place.SOCKET)}: {str(error).rpartition(': ')[2]}") from error
    return listener


class Mux:
    """A session and those who share it."""

    def __init__(self, session: Session) -> None:
        self._changed = threading.Condition()  # guards what follows
        self._session = session
        self._clients: set[Session] = set()
        self._expected = 0  # clients that are greeting
        self._idle_since = time.monotonic()
        self._stopping = threading.Event()
        session.watch(lambda _: self._wake())

    def stop(self) -> None:
        """Take no more clients, and end when the last one has left; the second time at once."""
        again = self._stopping.is_set()
        self._stopping.set()
        self._wake()
        if again:
            self._end_clients("the shared connection was stopped")

    def run(self, host: str, persist: float) -> None:
        """Listen, say so, and wait for the end."""
        address = dial.resolve(host)
        place = mux_place.place_of(address)
        listener = _listen(place)
        try:
            about = About(host, str(address), time.time())
            with suppress(FileNotFoundError):
                os.unlink(place.path(mux_place.ABOUT))  # It may be a link.
            places.write_private(place.path(mux_place.ABOUT), msgspec.json.encode(about))
            accepting = _Accepting(listener, self._serve)
            _say_ready()
            while self._wait_over(persist):
                self._renew(host)
        finally:
            place.remove()
        accepting.stop()
        self._wait_left()
        self._end_clients(str(self._session.error or "the shared connection was stopped"))
        self._session.close()

    def _renew(self, host: str) -> None:
        """Put another session in the place of one that is gone; when that cannot be done, it stays.

        Whoever greets meanwhile is turned away, for that one is not connected.
        """
        gone = self._session.error
        assert isinstance(gone, SessionGone)
        self._end_clients(str(gone))
        try:
            session = reach_again(lambda: _reach(host, Deadline(ATTEMPT)), PATIENCE, gone, self._stopping)
        except RshError as error:
            log.info("! not dialled again: %s", error)
            self._stopping.set()
            return
        with self._changed:
            self._session = session
        session.watch(lambda _: self._wake())

    def _wait_over(self, persist: float) -> bool:
        """Wait until no more clients are wanted; True when the daemon has to be dialled again before that."""
        with self._changed:
            while not self._stopping.is_set() and self._session.error is None:
                left = None
                if not self._clients and not self._expected:
                    left = self._idle_since + persist - time.monotonic()
                    if left <= 0:
                        return False
                self._changed.wait(left)
            return isinstance(self._session.error, SessionGone) and not self._stopping.is_set()

    def _wait_left(self) -> None:
        with self._changed:
            while (self._clients or self._expected) and self._session.error is None:
                self._changed.wait()

    def _end_clients(self, reason: str) -> None:
        """Tell those who are left what has become of the connection."""
        with self._changed:
            clients = list(self._clients)
        deadline = Deadline(PARTING)
        for client in clients:
            if not client.close_idle(Code.SHUTDOWN, reason[:1024], deadline):
                client.close(Code.SHUTDOWN, reason[:1024])

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # --- clients ---

    def _serve(self, sock: socket.socket) -> None:
        """Serve one client to its end, in a thread of its own."""
        stream = SocketStream(sock, "client")
        try:
            if sockets.peer_uid(sock) != os.geteuid():
                raise LinkError("another user")
            decoder = Decoder()
            greeted = self._greet(stream, decoder)
            if greeted is not None:
                self._host(stream, decoder, *greeted)
        except RshError as error:
            log.debug("! client: %s", error)
        finally:
            stream.close()

    def _greet(self, stream: Stream, decoder: Decoder) -> tuple[Hello, Session] | None:
        """Read a client's Hello, count it in and give what it shares; None when it has to dial for itself."""
        hello = greeting.read_hello(stream, decoder, Deadline(HANDSHAKE))
        with self._changed:
            away = not self._session.condition.connected
            full = len(self._clients) + self._expected >= MAX_CLIENTS
            if not (away or full or self._stopping.is_set()):
                self._expected += 1
                return hello, self._session
        greeting.refuse(stream, Code.BUSY, "the shared connection takes nobody now")
        return None

    def _host(self, stream: Stream, decoder: Decoder, hello: Hello, far: Session) -> None:
        """Be the reader of a client's session until that ends."""
        assert far.welcome is not None
        link = Link(Role.SERVER, hello.session, max_channels=MAX_CHANNELS)
        session = Session(link, name="client", serve=Relay(far).serve)
        session.welcome = far.welcome
        with self._changed:
            self._expected -= 1
            self._clients.add(session)
        try:
            link.welcome(hello, far.welcome)
            session.attach(stream)
            if far.error is not None:
                session.close(Code.SHUTDOWN, str(far.error)[:1024])  # It was before it could be told with the others.
            session.run(stream, decoder)
        finally:
            with self._changed:
                self._clients.discard(session)
                self._idle_since = time.monotonic()
                self._changed.notify_all()


class _Accepting:
    """The thread that accepts clients."""

    def __init__(self, listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        self._listener = listener
        self._serve = serve
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        listener.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="mux accept", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Accept no more; those in the backlog are cut off and dial for themselves."""
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        os.close(self._wake)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while self._wake not in (descriptor for descriptor, _ in poll.poll()):
            try:
                sock, _ = self._listener.accept()
                sock.setblocking(True)
            except OSError:
                continue  # It has left again.
            threading.Thread(target=self._serve, args=(sock,), name="mux client", daemon=True).start()
        self._listener.close()


def _say_ready() -> None:
    """Tell whoever started us, and let go of everything of theirs."""
    try:
        os.write(1, READY)
    except OSError:
        pass  # They did not wait.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
