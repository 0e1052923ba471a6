"""Two identities and some strangers for TLS tests, and both ends of a connection that was really made."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Collection
from pathlib import Path

from rsh.errors import RshError
from rsh.transport.sockets import tune
from rsh.transport.stream import SocketStream
from rsh.transport.tls import TLSStream, client_context, server_context
from rsh.trust import certificate


class Key:
    """A key with its certificate, on disk and as DER."""

    def __init__(self, folder: Path, name: str, pem: bytes = b"") -> None:
        pem = pem or certificate.make(name)
        self.path = str(folder / f"{name}.pem")
        Path(self.path).write_bytes(pem)
        self.der = certificate.to_der(pem)


class Server:
    """Takes one connection, shakes hands in a thread, and keeps what came of it."""

    def __init__(self, context: ssl.SSLContext, trusted: Collection[bytes]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._trusted = trusted
        self.address: tuple[str, int] = self._listener.getsockname()
        self.stream: TLSStream | None = None
        self.error: RshError | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        sock, _ = self._listener.accept()
        self._listener.close()
        tune(sock)
        stream = TLSStream(SocketStream(sock, "client"), self._context, server_side=True)
        try:
            stream.handshake(self._trusted)
            self.stream = stream
        except RshError as error:
            self.error = error

    def accepted(self) -> TLSStream:
        """Wait for the handshake and give the stream, or raise what stopped it."""
        self._thread.join()
        if self.error is not None:
            raise self.error
        assert self.stream is not None
        return self.stream

    def refused(self) -> RshError:
        """Wait for the handshake to fail and give its error."""
        self._thread.join()
        assert self.error is not None
        return self.error


def serve(identity: Key, authorized: list[Key]) -> Server:
    """Begin to serve the authorised keys."""
    known = [key.der for key in authorized]
    return Server(server_context(identity.path, known), frozenset(known))


def dial(server: Server, identity: Key | None, pinned: Key) -> TLSStream:
    """Connect and shake hands as a client."""
    sock = socket.create_connection(server.address)
    tune(sock)
    context = client_context(identity.path if identity else None, [pinned.der])
    stream = TLSStream(SocketStream(sock, "server"), context)
    stream.handshake([pinned.der])
    return stream


def connect(server_key: Key, client_key: Key) -> tuple[TLSStream, TLSStream]:
    """Give the server's and the client's end of a connection."""
    server = serve(server_key, [client_key])
    client = dial(server, client_key, server_key)
    return server.accepted(), client
