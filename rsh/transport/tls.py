"""TLS as a stream that two threads may use at once. The contexts for it, with pinned certificates, are in contexts.py.

Why not ssl.SSLSocket: a peer that floods KeyUpdate requests makes the reading thread write, beside the thread that
writes already, and OpenSSL's heap is gone. Here an SSLObject works between two memory BIOs, each call into OpenSSL is
made under one lock, and the socket is used outside of it. A second lock keeps the output in order. The reader never
waits for that second lock: whoever holds it takes the reader's output (an answer to a KeyUpdate) along.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Collection
from typing import Final

from rsh.errors import LinkError, ProtocolError, RshError
from rsh.transport.contexts import ALPN, trusting_context, unwatched
from rsh.transport.contexts import client_context as client_context
from rsh.transport.contexts import server_context as server_context
from rsh.transport.knock import busy_alert as busy_alert
from rsh.transport.knock import plain_answer as plain_answer
from rsh.transport.knock import sniff as sniff
from rsh.transport.records import gathered
from rsh.transport.stream import SocketStream, Stream
from rsh.transport.tls_failure import Failures
from rsh.transport.tls_failure import WrongKey as WrongKey

FIRST_RECEIVE: Final = 16 * 1024  # bytes of ciphertext asked for at first: most connections never need more
LARGEST_RECEIVE: Final = 256 * 1024
SEND_BATCH: Final = 256 * 1024  # bytes of plaintext encrypted before the socket is used
UNSENT_LIMIT: Final = 1024 * 1024  # bytes of answers that a peer may provoke without reading them


class TLSStream(Stream):
    """A stream under TLS. Nothing but handshake() may be called before that has returned."""

    encrypted = True

    def __init__(self, raw: SocketStream, context: ssl.SSLContext, *, server_side: bool = False) -> None:
        """Take over a raw stream; this one closes it."""
        self.peer = raw.peer
        self._raw = raw
        self._server_side = server_side
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=server_side)
        self._failures = Failures(raw.peer, self._tls, server_side=server_side)
        # Protects _tls and both BIOs: every call into OpenSSL is made under it. Held for one call, never across I/O.
        self._lock = threading.Lock()
        # Keeps the output in order: protects _unsent, and whoever reads _outgoing holds it until that is written.
        # Taken before _lock where both are needed. A writer waits for the peer under it, so the reader only tries it.
        self._output = threading.Lock()
        self._unsent = b""
        self._buffer = memoryview(bytearray(FIRST_RECEIVE))  # ciphertext under way to _incoming; the reader's own
        self._certificate = b""  # the peer's
        self._established = False
        self._ended = False  # the peer said that no more will come; the reader's own
        self._has_more = True  # there may be something to decrypt; the reader's own

    def handshake(self, trusted: Collection[bytes] | None = None) -> None:
        """Agree on keys, and learn who the peer is. Set a deadline first.

        A client that returns from here is not yet welcome: with TLS 1.3 the server's refusal of its key is raised by
        the first readinto().

        Args:
            trusted: DER certificates that may be at the other end, None for any.
        Raises: TrustError when the peer is another one, Refused when it has no room, LinkError, DeadlineExpired. The
            stream is closed then, and the peer has been told.
        """
        try:
            self._shake_hands()
            self._check_peer(trusted)
            # Only now our own certificate leaves the house, if we are the client.
            self._flush()
        except RshError:
            self._part()
            raise
        with self._lock:
            self._tls.context = unwatched(self._server_side)
        self._established = True

    def peer_certificate(self) -> bytes:
        """Give the peer's certificate as DER, also when the stream has failed meanwhile; b"" before the handshake."""
        return self._certificate

    def readinto(self, view: memoryview) -> int:
        """As Stream.readinto.

        Raises: also Refused, when the server does not know our key; ProtocolError when the peer floods us.
        """
        while True:
            count = self._decrypt(view) if self._has_more else 0
            if count or self._ended or not len(view):
                return count
            if not self._receive():
                raise LinkError(f"{self.peer}: the connection was cut")
            self._has_more = True

    def write(self, *parts: bytes | bytearray | memoryview) -> None:
        """As Stream.write."""
        waiting = 0  # bytes that are encrypted and not written
        with self._output:
            for piece in gathered(parts, SEND_BATCH):
                self._encrypt(piece)
                waiting += len(piece)
                if waiting >= SEND_BATCH:
                    self._drain()
                    waiting = 0
            self._drain()
        self._flush_now()  # what the reader left for us between our last look and the release of the lock

    def takes_more(self) -> bool:
        """As Stream.takes_more."""
        return not self._unsent and self._raw.takes_more()

    def set_deadline(self, deadline: float | None) -> None:
        """As Stream.set_deadline."""
        self._raw.set_deadline(deadline)

    def delivered(self) -> int:
        """As Stream.delivered."""
        return self._raw.delivered()

    @property
    def ends(self) -> tuple[str, str]:
        """As Stream.ends."""
        return self._raw.ends

    def close(self) -> None:
        """As Stream.close; the peer is told if that costs no waiting."""
        self._say_goodbye()
        self._raw.close()

    def close_slowly(self) -> None:
        """As Stream.close_slowly."""
        self._say_goodbye()
        self._raw.close_slowly()

    def _shake_hands(self) -> None:
        while not self._step():
            self._flush()
            if not self._receive():
                raise LinkError(f"{self.peer}: the connection was closed during the TLS handshake")

    def _step(self) -> bool:
        """Go on with the handshake as far as the bytes at hand allow; whether it is complete."""
        try:
            with self._lock:
                self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise self._failures.explain(error, established=self._established) from error
        return True

    def _check_peer(self, trusted: Collection[bytes] | None) -> None:
        """Compare who answered with who may; on failure what we had to say to the right one is forgotten."""
        with self._lock:
            chosen = self._tls.selected_alpn_protocol()
            self._certificate = self._tls.getpeercert(binary_form=True) or b""
        if chosen == ALPN and (trusted is None or self._certificate in trusted):
            return
        with self._lock:
            self._outgoing.read()
        if chosen != ALPN:
            raise LinkError(self._failures.about_peer("speaks TLS, but not rsh"))
        words = "the certificate is not a trusted one, though a trusted one signed it"
        raise WrongKey(self._failures.about_peer(words), self._certificate)

    def _part(self) -> None:
        """Close after a failed handshake. The client's first words may be under way, so a server closes slowly."""
        if self._server_side:
            self.close_slowly()
        else:
            try:
                self._flush_now()
            except LinkError:
                pass  # It has gone already; why we part is what counts.
            self._raw.close()

    def _receive(self) -> bool:
        """Wait for ciphertext; False at EOF."""
        full = self._buffer
        count = self._raw.readinto(full)
        if count == len(full) == FIRST_RECEIVE:
            self._buffer = memoryview(bytearray(LARGEST_RECEIVE))
        with self._lock:
            self._incoming.write(full[:count])
        return count > 0

    def _decrypt(self, view: memoryview) -> int:
        """Decrypt what is at hand into view, record by record; how many bytes came out."""
        total = 0
        size = len(view)
        try:
            with self._lock:
                try:
                    while total < size and (self._incoming.pending or self._tls.pending()):
                        # With a buffer, read() gives a count, whatever its type says.
                        count: int = self._tls.read(size - total, view[total:])  # type: ignore[assignment]
                        if not count:
                            self._ended = True
                            break
                        total += count
                finally:
                    provoked = self._outgoing.pending
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._ended = True
        except ssl.SSLError as error:
            raise self._failures.explain(error, established=self._established) from error
        self._has_more = total == size
        if provoked:
            self._answer(provoked)
        return total

    def _answer(self, size: int) -> None:
        """Send what reading has made OpenSSL say, unless a writer is there to take it along."""
        self._flush_now()
        if size + len(self._unsent) > UNSENT_LIMIT:
            raise ProtocolError(f"{self.peer}: provokes answers and does not read them")

    def _encrypt(self, view: memoryview) -> None:
        done = 0
        while done < len(view):
            try:
                with self._lock:
                    done += self._tls.write(view[done:])
            except ssl.SSLError as error:
                raise self._failures.explain(error, established=self._established) from error

    def _flush(self) -> None:
        with self._output:
            self._drain()

    def _drain(self) -> None:
        """Write what OpenSSL has to say; with _output held."""
        if piece := self._next_piece():
            self._unsent = b""
            self._raw.write(piece)

    def _flush_now(self) -> None:
        """Write what the kernel takes without waiting, if nobody else is writing."""
        stuck = False
        while not stuck and self._owes() and self._output.acquire(blocking=False):
            try:
                piece = self._next_piece()
                self._unsent = piece[self._raw.write_now(piece) :]
                stuck = bool(self._unsent)
            finally:
                self._output.release()

    def _owes(self) -> bool:
        with self._lock:
            return self._outgoing.pending > 0

    def _next_piece(self) -> bytes:
        """Take the output from OpenSSL; with _output held, and to be written before that is released."""
        with self._lock:
            return self._unsent + self._outgoing.read()

    def _say_goodbye(self) -> None:
        """Send close_notify, so that the peer can tell an end from a cut; without waiting."""
        try:
            with self._lock:
                self._tls.unwrap()
        except (ssl.SSLError, ValueError):
            pass  # it waits for the peer's, or TLS is at its end already
        try:
            self._flush_now()
        except LinkError:
            pass


def probe_certificate(raw: SocketStream, deadline: float | None = None) -> bytes:
    """Ask a server for its certificate without showing ours, and close the stream.

    Returns: the DER, proved to be the server's own, trusted by nobody.
    """
    context = trusting_context()
    raw.set_deadline(deadline)
    stream = TLSStream(raw, context)
    try:
        stream.handshake()
        return stream.peer_certificate()
    finally:
        stream.close()
