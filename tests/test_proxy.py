"""The misbehaving network itself: what it lets pass must be right, and what it breaks must be broken."""

from __future__ import annotations

import gc
import hashlib
import os
import socket
import threading
import time
import warnings
from collections.abc import Iterator

import pytest

from tests.machines import SOON
from tests.proxy import Direction, Fault, Kind, Proxy


@pytest.fixture
def echo() -> Iterator[str]:
    """A server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_echo, args=(sock,), daemon=True).start()


def _echo(sock: socket.socket) -> None:
    with sock:
        try:
            while data := sock.recv(65536):
                sock.sendall(data)
        except OSError:
            pass


def _dial(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), 10)


def _read(sock: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (piece := sock.recv(count - len(data))):
        data += piece
    return bytes(data)


def test_bytes_pass_unchanged(echo: str) -> None:
    data = os.urandom(4 << 20)
    with Proxy(echo) as proxy, _dial(proxy) as sock:
        sender = threading.Thread(target=sock.sendall, args=(data,))
        sender.start()
        assert hashlib.sha256(_read(sock, len(data))).digest() == hashlib.sha256(data).digest()
        sender.join()
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
        assert proxy.passed[Direction.UP] == len(data)


def test_delay_is_half_a_round_trip(echo: str) -> None:
    with Proxy(echo, delay=0.05) as proxy, _dial(proxy) as sock:
        begun = time.monotonic()
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        assert time.monotonic() - begun >= 0.1


def test_rate_holds_bytes_back(echo: str) -> None:
    with Proxy(echo, rate=1_000_000) as proxy, _dial(proxy) as sock:
        begun = time.monotonic()
        sock.sendall(bytes(200_000))
        _read(sock, 200_000)
        assert time.monotonic() - begun >= 0.19


@pytest.mark.parametrize("kind", [Kind.RST, Kind.FIN])
def test_fault_cuts_after_exactly_so_many_bytes(echo: str, kind: Kind) -> None:
    with Proxy(echo) as proxy:
        proxy.plan = lambda number: [Fault(kind, Direction.DOWN, 7)]
        with _dial(proxy) as sock:
            sock.sendall(b"0123456789")
            if kind is Kind.FIN:
                assert _read(sock, 10) == b"0123456"
            else:
                with pytest.raises(ConnectionResetError):
                    _read(sock, 10)
            assert proxy.passed[Direction.DOWN] == 7


def test_flip_changes_one_bit(echo: str) -> None:
    with Proxy(echo) as proxy:
        proxy.plan = lambda number: [Fault(Kind.FLIP, Direction.UP, 3)]
        with _dial(proxy) as sock:
            sock.sendall(bytes(8))
            assert _read(sock, 8) == bytes([0, 0, 0, 8, 0, 0, 0, 0])


def test_hole_holds_everything_until_mended(echo: str) -> None:
    with Proxy(echo) as proxy, _dial(proxy) as sock:
        sock.sendall(b"a")
        assert sock.recv(1) == b"a"
        proxy.hole()
        sock.sendall(b"b")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        proxy.mend()
        sock.settimeout(SOON)
        assert sock.recv(1) == b"b"


def test_forgotten_connection_stays_dead_and_a_new_one_lives(echo: str) -> None:
    with Proxy(echo) as proxy, _dial(proxy) as old:
        old.sendall(b"a")
        assert old.recv(1) == b"a"
        proxy.forget()
        old.sendall(b"b")
        with _dial(proxy) as new:
            new.sendall(b"c")
            assert new.recv(1) == b"c"
        old.settimeout(0.2)
        with pytest.raises(TimeoutError):
            old.recv(1)


def test_refused_connections_are_reset(echo: str) -> None:
    with Proxy(echo) as proxy:
        proxy.refuse()
        with pytest.raises(OSError), _dial(proxy) as sock:
            sock.recv(1)
        proxy.refuse(False)
        with _dial(proxy) as sock:
            sock.sendall(b"a")
            assert sock.recv(1) == b"a"


def test_closing_leaves_no_socket_of_a_connection_that_was_being_made(echo: str) -> None:
    with Proxy(echo) as proxy:
        proxy.hole()  # nothing gets further than being accepted
        dialled = [_dial(proxy) for _ in range(3)]
        while proxy.accepted < len(dialled):
            time.sleep(0.001)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        gc.collect()
    assert [str(each.message) for each in said] == []
    for sock in dialled:
        with sock, pytest.raises(ConnectionResetError):
            sock.recv(1)
