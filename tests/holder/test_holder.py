"""The holder by itself, with its socket in our hands."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

import pytest

from rsh.holder import wire
from rsh.protocol.requests import Shell, Terminal
from rsh.server.living import start_holder


@pytest.fixture(params=[b"/bin/bash", b"/bin/sh"])
def daemon(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    environment = {b"PATH": os.environb[b"PATH"], b"HOME": b"/nonexistent", b"LC_ALL": b"C"}
    sock, process = start_holder(request.param, Shell(Terminal(80, 24)), b"/", environment)
    sock.settimeout(30)
    with sock:
        yield sock
    assert process.wait(10) == 0


def say(sock: socket.socket, kind: int, payload: bytes) -> None:
    """Send the holder a message."""
    sock.sendall(wire.HEAD.pack(kind, len(payload)) + payload)


def hear(sock: socket.socket, wanted: int) -> bytes:
    """Give the payload of the next message of a kind."""
    while True:
        kind, length = wire.HEAD.unpack(sock.recv(wire.HEAD.size, socket.MSG_WAITALL))
        payload = sock.recv(length, socket.MSG_WAITALL) if length else b""
        if kind == wanted:
            return payload


def test_each_line_is_reported_once(daemon: socket.socket) -> None:
    hear(daemon, wire.REPORT)
    say(daemon, wire.RUN, b"cd /tmp; (exit 5)")
    assert hear(daemon, wire.REPORT)[8:] == b"\x05/tmp"


def test_input_that_nobody_reads_makes_the_daemon_wait(daemon: socket.socket) -> None:
    hear(daemon, wire.REPORT)
    say(daemon, wire.RUN, b"stty raw -echo; echo on; exec sleep 60")
    assert b"on" in hear(daemon, wire.OUTPUT)
    daemon.settimeout(1)
    with pytest.raises(TimeoutError):
        for _ in range(100):
            say(daemon, wire.INPUT, b"x" * 1_000_000)
    # Leaving the fixture shows that the holder still hears us hang up.


def test_shell_that_ends_is_told_of_with_its_status(daemon: socket.socket) -> None:
    say(daemon, wire.RUN, b"exit 9")
    assert struct.unpack(">QBB", hear(daemon, wire.ENDED))[1:] == (9, 0)
