from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from rsh.errors import DeadlineExpired, LinkError
from rsh.transport.stream import SocketStream
from tests.machines import SOON


@pytest.fixture
def ends() -> Iterator[tuple[SocketStream, SocketStream]]:
    here, there = socket.socketpair()
    first, second = SocketStream(here, "first"), SocketStream(there, "second")
    yield first, second
    first.close()
    second.close()


Ends = tuple[SocketStream, SocketStream]


def read(stream: SocketStream, size: int = 100) -> bytes:
    view = memoryview(bytearray(size))
    return bytes(view[: stream.readinto(view)])


def read_all(stream: SocketStream, into: list[bytes]) -> None:
    try:
        while data := read(stream, 65536):
            into.append(data)
    except LinkError as error:
        into.append(str(error).encode())


def test_bytes_pass_and_the_end_is_seen(ends: Ends) -> None:
    ends[0].write(b"hello")
    assert read(ends[1]) == b"hello"
    ends[0].close()
    assert read(ends[1]) == b""


def test_peek_leaves_the_bytes(ends: Ends) -> None:
    ends[0].write(b"hello")
    assert ends[1].peek(3) == b"hel"
    assert read(ends[1]) == b"hello"


def test_peek_at_the_end_is_empty(ends: Ends) -> None:
    ends[0].close()
    assert ends[1].peek(8) == b""


def test_large_write_is_whole_with_and_without_deadline(ends: Ends) -> None:
    data = os.urandom(3_000_000)
    for deadline in (None, time.monotonic() + 60):
        ends[0].set_deadline(deadline)
        writer = threading.Thread(target=ends[0].write, args=(data,))
        writer.start()
        received = b""
        while len(received) < len(data):
            received += read(ends[1], 65536)
        writer.join()
        assert received == data


def test_writers_in_many_threads_keep_their_pieces_whole(ends: Ends) -> None:
    pieces = [bytes([letter]) * 300_000 for letter in b"abcdef"]
    writers = [threading.Thread(target=ends[0].write, args=(piece,)) for piece in pieces]
    for writer in writers:
        writer.start()
    received = b""
    while len(received) < sum(map(len, pieces)):
        received += read(ends[1], 65536)
    for writer in writers:
        writer.join()
    assert sorted(received[start : start + 300_000] for start in range(0, len(received), 300_000)) == pieces


def test_write_now_takes_what_there_is_room_for(ends: Ends) -> None:
    taken = ends[0].write_now(bytes(10_000_000))
    assert 0 < taken < 10_000_000
    while ends[0].write_now(bytes(100_000)):
        pass
    assert ends[0].write_now(b"x") == 0


def test_read_ends_at_its_deadline(ends: Ends) -> None:
    ends[0].set_deadline(time.monotonic() + 0.03)
    with pytest.raises(DeadlineExpired):
        read(ends[0])


def test_deadline_in_the_past_expires_at_once_even_with_bytes_at_hand(ends: Ends) -> None:
    ends[1].write(b"x")
    ends[0].set_deadline(time.monotonic() - 1)
    with pytest.raises(DeadlineExpired):
        read(ends[0])


def test_write_to_a_peer_that_does_not_read_ends_at_its_deadline(ends: Ends) -> None:
    ends[0].set_deadline(time.monotonic() + 0.05)
    with pytest.raises(DeadlineExpired):
        ends[0].write(bytes(10_000_000))


def test_deadline_that_was_taken_back_is_forgotten(ends: Ends) -> None:
    ends[0].set_deadline(time.monotonic() - 1)
    ends[0].set_deadline(None)
    ends[1].write(b"x")
    assert read(ends[0]) == b"x"


def test_close_wakes_a_blocked_reader(ends: Ends) -> None:
    got: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(ends[0], got))
    reader.start()
    ends[1].write(b"x")
    ends[0].close()
    reader.join(SOON)
    assert not reader.is_alive() and got[-1] == b"first: closed here"


def test_close_wakes_a_reader_that_waits_for_a_deadline(ends: Ends) -> None:
    ends[0].set_deadline(time.monotonic() + 60)
    got: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(ends[0], got))
    reader.start()
    ends[0].close()
    reader.join(SOON)
    assert not reader.is_alive() and got == [b"first: closed here"]


def write_for_ever(stream: SocketStream, errors: list[LinkError]) -> None:
    try:
        while True:
            stream.write(bytes(100_000))
    except LinkError as error:
        errors.append(error)


def test_close_wakes_a_blocked_writer(ends: Ends) -> None:
    errors: list[LinkError] = []
    writer = threading.Thread(target=write_for_ever, args=(ends[0], errors))
    writer.start()
    read(ends[1], 1)
    ends[0].close()
    writer.join(SOON)
    assert not writer.is_alive() and str(errors[0]) == "first: closed here"


def test_closed_stream_raises_whatever_is_asked(ends: Ends) -> None:
    ends[0].close()
    ends[0].close()
    for ask in (lambda: read(ends[0]), lambda: ends[0].write(b"x"), lambda: ends[0].peek(1)):
        with pytest.raises(LinkError, match="closed here"):
            ask()
    assert ends[0].fileno() == -1


def test_descriptor_stays_open_until_the_last_user_has_left(ends: Ends) -> None:
    got: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(ends[0], got))
    reader.start()
    ends[1].write(b"x")
    ends[0].close()
    reader.join()
    assert ends[0].fileno() == -1


def test_writing_to_a_peer_that_left_is_a_link_error(ends: Ends) -> None:
    ends[1].close()
    with pytest.raises(LinkError, match="first: Broken pipe"):
        ends[0].write(b"x")


def test_reset_is_a_link_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = SocketStream(socket.create_connection(listener.getsockname()), "there")
        accepted, _ = listener.accept()
        stream.write(b"x")
        accepted.recv(1, socket.MSG_PEEK)
        accepted.close()  # with unread bytes: a reset
        with pytest.raises(LinkError, match="there: Connection reset by peer"):
            read(stream)
        stream.close()


def test_close_slowly_lets_the_peer_read_our_last_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = SocketStream(socket.create_connection(listener.getsockname()), "server")
        server = SocketStream(listener.accept()[0], "client")
    client.write(bytes(100_000))
    server.write(b"last words")
    closer = threading.Thread(target=server.close_slowly)
    closer.start()
    client.write(bytes(100_000))
    assert read(client) == b"last words"
    assert read(client) == b""
    client.close()
    closer.join(SOON)
    assert not closer.is_alive()


def test_close_slowly_has_an_end_with_a_peer_that_stays(ends: Ends) -> None:
    begin = time.monotonic()
    ends[0].close_slowly()
    assert 0.5 < time.monotonic() - begin < SOON
    assert ends[0].fileno() == -1


def test_stream_takes_more_until_the_kernel_has_no_room(ends: Ends) -> None:
    assert ends[0].takes_more()
    while ends[0].write_now(bytes(65536)):
        pass
    assert not ends[0].takes_more()
    while not ends[0].takes_more():
        read(ends[1], 65536)


def test_closed_stream_takes_nothing(ends: Ends) -> None:
    ends[0].close()
    assert not ends[0].takes_more()
