from __future__ import annotations

import fcntl
import socket
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from rsh.protocol.messages import VERSION, Hello
from rsh.protocol.requests import About
from rsh.session import greeting
from rsh.session.deadline import Deadline
from rsh.session.greeting import is_direct
from rsh.transport.stream import SocketStream
from tests.machines import SOON
from tests.session.pairs import echo, read_all, server_on


class Encrypted(SocketStream):
    """A stream of whose peer the kernel says nothing."""

    encrypted = True


@pytest.fixture
def ends() -> Iterator[tuple[Encrypted, Encrypted]]:
    """The client's and the server's end of a connection within this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = Encrypted(socket.create_connection(listener.getsockname()), "server")
        server = Encrypted(listener.accept()[0], "client")
    yield client, server
    client.close()
    server.close()


def hello(begins: str) -> Hello:
    return Hello(VERSION, "rsh test", "", b"s" * 16, begins=begins)


def test_a_connection_that_begins_where_the_client_says_is_direct(ends: tuple[Encrypted, Encrypted]) -> None:
    client, server = ends
    assert is_direct(server, hello(client.ends[0]))


@pytest.mark.parametrize("begins", ["", "127.0.0.1:1"])
def test_one_that_begins_elsewhere_is_not(ends: tuple[Encrypted, Encrypted], begins: str) -> None:
    assert not is_direct(ends[1], hello(begins))


def test_the_kernel_vouches_for_what_is_not_encrypted() -> None:
    left, right = (SocketStream(end, "peer") for end in socket.socketpair())
    assert is_direct(left, hello(""))
    left.close()
    right.close()


def test_a_stream_that_was_closed_is_not_direct(ends: tuple[Encrypted, Encrypted]) -> None:
    client, server = ends
    begins = client.ends[0]
    server.close()
    assert not is_direct(server, hello(begins)) and not is_direct(server, hello(""))


def test_what_a_client_sends_right_behind_its_hello_is_served() -> None:
    left, right = socket.socketpair()
    client = greeting.connect(SocketStream(left, "client"), account="")
    greeted = wait_for_more(right, 0)
    channel = client.open(About())
    wait_for_more(right, greeted)
    server, thread = server_on(SocketStream(right, "server"), echo)
    channel.write(b"heard")
    channel.end()
    assert read_all(channel) == b"heard"
    client.close()
    server.close()
    thread.join(SOON)


def wait_for_more(sock: socket.socket, size: int) -> int:
    """Wait until more than so many bytes have come, without taking them; give how many."""
    deadline = Deadline(SOON)
    while (count := int.from_bytes(fcntl.ioctl(sock, termios.FIONREAD, bytes(4)), sys.byteorder)) <= size:
        deadline.check("waiting for more")
        time.sleep(0.001)
    return count
