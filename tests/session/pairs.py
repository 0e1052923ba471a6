"""Two sessions over a real socket pair, for tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rsh.errors import RshError
from rsh.protocol.frames import Decoder
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import VERSION, Welcome
from rsh.session import greeting
from rsh.session.channel import Channel
from rsh.session.conversation import Service
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport.stream import SocketStream
from tests.machines import SOON


def while_wanted(serve: Service) -> Service:
    """Have a service end without a word when its client has gone, as those of the server do."""

    def served(channel: Channel) -> None:
        try:
            serve(channel)
        except RshError:
            if channel.closed_by is None:
                raise

    return served


def server_on(stream: SocketStream, serve: Service) -> tuple[Session, threading.Thread]:
    """Greet whoever calls on a stream and serve it in a thread."""
    decoder = Decoder()
    hello = greeting.read_hello(stream, decoder, Deadline(SOON))
    link = Link(Role.SERVER, hello.session)
    link.welcome(hello, Welcome(VERSION, "rsh test", "ann", "box", b"/"))
    session = Session(link, name="server", serve=while_wanted(serve))
    session.attach(stream)
    thread = threading.Thread(target=session.run, args=(stream, decoder))
    thread.start()
    return session, thread


@contextmanager
def sessions(serve: Service) -> Iterator[tuple[Session, Session]]:
    """Give a client's and a server's session that talk to each other."""
    left, right = socket.socketpair()
    client = greeting.connect(SocketStream(left, "client"), account="")
    server, thread = server_on(SocketStream(right, "server"), serve)
    try:
        yield client, server
    finally:
        client.close()
        server.close()
        thread.join(SOON)
        assert not thread.is_alive()


def echo(channel: Channel) -> None:
    """Send everything back."""
    channel.accept()
    while data := channel.read():
        channel.write(data)
    channel.end()
    channel.close()


def read_all(channel: Channel, lane: int = 0) -> bytes:
    """Read a lane to its end."""
    pieces = []
    while piece := channel.read(lane, Deadline(SOON)):
        pieces.append(bytes(piece))
    return b"".join(pieces)
