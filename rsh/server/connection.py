"""One connection from accept to its end: knock, handshake, greeting, session. Each step may be the last."""

from __future__ import annotations

import logging
import os
import socket

import msgspec

from rsh.errors import Code, LinkError, ProtocolError, Refused, RshError, forget_frames
from rsh.protocol.frames import Decoder
from rsh.protocol.messages import Hello
from rsh.server import confinement
from rsh.server.account import Account, Grant
from rsh.server.hosting import begin, welcome_of
from rsh.server.house import House
from rsh.server.keys import grant_of
from rsh.server.roster import GONE, Guest
from rsh.server.services import Services
from rsh.server.shells import Terms
from rsh.session import greeting
from rsh.session.deadline import Deadline
from rsh.transport import knock, sockets, tls
from rsh.transport.stream import SocketStream, Stream
from rsh.trust.authorized import Authorized

log = logging.getLogger("rsh.server")

# Enough to tell TLS, HTTP and ssh apart.
FIRST_WORDS = 8


class Connection:
    """A connection that was accepted; runs in a thread of its own, which becomes the reader of its session."""

    def __init__(self, sock: socket.socket, house: House) -> None:
        self._house = house
        self._local = sock.family == socket.AF_UNIX
        self._host = "unix" if self._local else sockets.peer_host(sock)
        self._raw = SocketStream(sock, self._host if self._local else _peer_name(sock))
        self._sock = sock
        self._entry: Authorized | None = None  # the line of its key, once that has proved itself

    def serve(self) -> None:
        """Serve the connection to its end; raises nothing."""
        try:
            self._serve()
        except RshError as error:
            log.info("%s ! %s", self._raw.peer, error)
        except Exception:  # a net for bugs: the daemon goes on
            log.exception("%s ! connection failed", self._raw.peer)
        finally:
            self._raw.close()

    def _serve(self) -> None:
        knocking, inside = self._house.knocking, self._house.inside
        if not knocking.enter(self._host):
            log.warning("%s ! turned away: too many are logging in", self._raw.peer)
            self._raw.write(knock.busy_alert())
            self._raw.close_slowly()
            return
        decoder = Decoder()
        try:
            deadline = Deadline(self._house.options.handshake)
            stream, key = self._authenticate(deadline)
            hello = _greet(stream, decoder, deadline)
        finally:
            knocking.leave(self._host)
        if guest := self._house.roster.find(key, hello.session):
            guest.session.fence(hello.epoch)  # its place becomes ours
        if not inside.enter(self._host):
            greeting.refuse(stream, Code.BUSY, "too many connections")
            raise LinkError("refused: too many connections")
        try:
            self._welcome(stream, decoder, hello, key)
        finally:
            inside.leave(self._host)

    def _authenticate(self, deadline: Deadline) -> tuple[Stream, bytes]:
        """Find out who calls; give the stream to go on with, and the key (b"" where the kernel vouches)."""
        if self._local:
            uid = sockets.peer_uid(self._sock)
            if uid != os.geteuid():
                raise LinkError(f"refused: user {uid} is not the user of this daemon")
            return self._raw, b""
        sockets.tune(self._sock)
        self._raw.set_deadline(deadline.at)
        first = self._raw.peek(FIRST_WORDS)
        if not first:
            raise LinkError("knocked and left")
        if kind := knock.sniff(first):
            self._raw.write(knock.plain_answer(kind))
            self._raw.close_slowly()
            raise LinkError(f"speaks {kind}, not rsh")
        stream = tls.TLSStream(self._raw, self._house.keys.context(), server_side=True)
        stream.handshake(trusted=self._house.keys.current().keys())
        return stream, stream.peer_certificate()

    def _welcome(self, stream: Stream, decoder: Decoder, hello: Hello, key: bytes) -> None:
        """Begin the session, or go on with it, and be its reader until the stream ends."""
        account = self._house.account
        try:
            self._entry = self._house.keys.entry(key, self._host) if key else None
            grant = grant_of(self._entry) if self._entry else Grant(label="same user")
            if grant.path:
                account = msgspec.structs.replace(account, home=confinement.home_of(grant))
            if hello.account not in ("", account.name):
                raise Refused(Code.ACCOUNT, f"this daemon runs as {account.name}, not as {hello.account}")
            guest = self._resume(stream, hello, key, account) or self._begin(stream, hello, grant, key, account)
        except Refused as error:
            greeting.refuse(stream, error.code, str(error))
            raise
        except ProtocolError as error:
            greeting.refuse(stream, Code.PROTOCOL, str(error))
            raise
        self._read(guest, stream, decoder)

    def _resume(self, stream: Stream, hello: Hello, key: bytes, account: Account) -> Guest | None:
        """Go on with the session if it is here."""
        guest = self._house.roster.find(key, hello.session)
        if guest is None:
            return None
        guest.session.resume(stream, hello, welcome_of(account, direct=greeting.is_direct(stream, hello)))
        self._house.roster.note_return()
        guest.name, guest.host = self._name(stream, hello), self._host
        log.info("%s = session resumed, stream %d", guest.name, hello.epoch)
        return guest

    def _begin(self, stream: Stream, hello: Hello, grant: Grant, key: bytes, account: Account) -> Guest:
        """Begin the session, unless it has begun a moment ago on another stream."""
        if hello.expected or (hello.epoch > 1 and not hello.age):
            raise Refused(Code.NO_SESSION, GONE)  # It was here, in another daemon.
        house = self._house
        name, options = self._name(stream, hello), house.options
        services = Services(
            account,
            grant,
            house.environment,
            name=name,
            max_channels=options.max_channels,
            jobs=house.jobs,
            who=f"{grant.label} from {self._host}" if key else grant.label,
            shells=Terms(options.session_ttl, options.max_shells),
        )
        direct, message = greeting.is_direct(stream, hello), house.message()
        session = begin(hello, services, options.max_channels, direct=direct, survives=True, message=message)
        session.watch(services.note)
        linger = options.linger if grant.linger is None else grant.linger
        guest = Guest(session, name, key, hello.session, linger, hello.patience, self._host, self._entry)
        if not house.roster.admit(guest, hello):
            if found := self._resume(stream, hello, key, account):
                return found
            raise Refused(Code.NO_SESSION, GONE)
        log.info("%s = session begins: %s", name, grant.label)
        try:
            session.attach(stream)
        except Refused:
            house.roster.remove(guest)
            raise
        return guest

    def _read(self, guest: Guest, stream: Stream, decoder: Decoder) -> None:
        house = self._house
        if guest.entry and (reason := house.keys.objection(guest.entry, guest.host)):
            # Changed since we looked, and whoever ends the sessions of such keys may have come before us.
            guest.session.close(reason.code, str(reason))
        try:
            guest.session.run(stream, decoder)
        finally:
            if guest.session.error is not None:
                house.roster.remove(guest)
            elif guest.session.away_since is not None:
                log.info("%s = away: %s", guest.name, guest.session.lost_by)
            forget_frames(guest.session.error)
            forget_frames(guest.session.lost_by)

    def _name(self, stream: Stream, hello: Hello) -> str:
        return f"{stream.peer} {hello.session[:2].hex()}"


def _greet(stream: Stream, decoder: Decoder, deadline: Deadline) -> Hello:
    try:
        return greeting.read_hello(stream, decoder, deadline)
    except Refused as error:
        greeting.refuse(stream, error.code, str(error))
        raise
    except ProtocolError as error:
        greeting.refuse(stream, Code.PROTOCOL, str(error))
        raise


def _peer_name(sock: socket.socket) -> str:
    try:
        host, port = sock.getpeername()[:2]
    except OSError:
        return "somebody who left"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
