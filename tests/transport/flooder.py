"""A client that floods its server with TLS KeyUpdate requests while data flows both ways; a process of its own.

Usage: flooder.py PORT KEY SECONDS, where 0 seconds means for ever, and without reading anything. Python has no call for
KeyUpdate, so this one is made in the libssl that Python has loaded. One thread only: what is under test is the other
end. Prints "ready", at the end the bytes and CRC it received.
"""

from __future__ import annotations

import _ssl
import ctypes
import select
import socket
import ssl
import sys
import time
import zlib

UPDATE_REQUESTED = 1  # SSL_key_update(3)
TLS_1_3 = 0x0304
LIMIT = 4 * 1024 * 1024  # bytes of output waiting in this process


def main() -> None:
    port, key, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["rsh/1"])
    context.load_cert_chain(key)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        shake_hands(sock, tls, incoming, outgoing)
        library = ctypes.CDLL(_ssl.__file__)
        # struct PySSLSocket { PyObject_HEAD; PyObject *Socket; SSL *ssl; ... }
        connection = ctypes.c_void_p.from_address(id(tls._sslobj) + object.__basicsize__ + 8)  # type: ignore[attr-defined]  # not public
        assert library.SSL_version(connection) == TLS_1_3
        print("ready", flush=True)
        if seconds:
            flood(sock, tls, incoming, outgoing, library, connection, time.monotonic() + seconds)
        else:
            flood_without_reading(sock, outgoing, library, connection)


def shake_hands(sock: socket.socket, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
            incoming.write(sock.recv(65536))
        else:
            sock.sendall(outgoing.read())
            return


def flood(
    sock: socket.socket,
    tls: ssl.SSLObject,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    library: ctypes.CDLL,
    connection: ctypes.c_void_p,
    until: float,
) -> None:
    """Demand new keys as fast as the peer reads, then say END and read to the end."""
    waiting = b""
    received = crc = 0
    said_end = False
    sock.setblocking(False)
    while True:
        if not said_end and len(waiting) < LIMIT:
            for _ in range(50):
                library.SSL_key_update(connection, UPDATE_REQUESTED)
                library.SSL_do_handshake(connection)
            said_end = time.monotonic() > until
            tls.write(b"END" if said_end else b"x" * 1000)
        waiting += outgoing.read()
        readable, writable, _ = select.select([sock], [sock] if waiting else [], [])
        if writable:
            waiting = waiting[sock.send(waiting) :]
        if readable:
            incoming.write(sock.recv(1 << 18))
        try:
            while data := tls.read(1 << 16):
                received, crc = received + len(data), zlib.crc32(data, crc)
        except ssl.SSLWantReadError:
            continue
        print(received, crc, flush=True)
        return


def flood_without_reading(
    sock: socket.socket, outgoing: ssl.MemoryBIO, library: ctypes.CDLL, connection: ctypes.c_void_p
) -> None:
    try:
        while True:
            for _ in range(1000):
                library.SSL_key_update(connection, UPDATE_REQUESTED)
                library.SSL_do_handshake(connection)
            sock.sendall(outgoing.read())
    except OSError:
        print("cut off", flush=True)


main()
