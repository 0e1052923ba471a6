from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from rsh.holder import wire
from rsh.holder.client import CONFIRMED, PIECE, Client
from rsh.holder.ring import KEPT, Ring
from rsh.holder.wire import Peer


@pytest.fixture
def ends() -> Iterator[tuple[Peer, Peer]]:
    here, there = socket.socketpair()
    ours, theirs = Peer(here), Peer(there)
    theirs.limit = wire.MAX_MESSAGE
    yield ours, theirs
    ours.close()
    theirs.close()


def ring_with(data: bytes) -> Ring:
    ring = Ring()
    ring.append(data)
    return ring


def heard(client: Client, ring: Ring, peer: Peer, count: int) -> list[bytes]:
    """Send output; give so many messages that the other end hears."""
    messages: list[bytes] = []
    while len(messages) < count:
        client.pump(ring)
        messages += [payload for _, payload in peer.hear()]
    return messages


def test_output_is_sent_in_pieces_from_where_the_client_stands(ends: tuple[Peer, Peer]) -> None:
    client, ring = Client(), ring_with(b"x" * (PIECE + 10))
    client.come(ends[0], 4)
    pieces = heard(client, ring, ends[1], 2)
    assert [wire.NUMBER.unpack_from(piece)[0] for piece in pieces] == [4, 4 + PIECE]
    assert sum(len(piece) - wire.NUMBER.size for piece in pieces) == PIECE + 6


def test_client_that_is_too_slow_gets_a_gap(ends: tuple[Peer, Peer]) -> None:
    client, ring = Client(), Ring()
    client.come(ends[0], 0)
    for _ in range(3):
        ring.append(bytes(KEPT))
    first, *_ = heard(client, ring, ends[1], 1)
    assert wire.NUMBER.unpack_from(first) == (ring.start,)


def test_input_is_confirmed_now_and_then(ends: tuple[Peer, Peer]) -> None:
    client = Client()
    client.come(ends[0], 0)
    client.take_input(b"a")
    client.confirm()
    client.take_input(bytes(CONFIRMED))
    client.confirm()
    assert list(ends[1].hear()) == [(wire.TAKEN, wire.NUMBER.pack(CONFIRMED + 1))]
    assert client.unconfirmed == 0


def test_input_that_was_taken_back_does_not_count() -> None:
    client = Client()
    client.early += client.take_input(b"early")
    assert client.bar(3) == b"ly"
    assert client.bar(7) == b""
    assert client.take_input(b"678") == b"8"


def test_what_was_seen_never_falls_and_never_is_more_than_there_is() -> None:
    client = Client()
    for offset in (5, 3, 99):
        client.take_seen(offset, 10)
    assert client.seen == 10


def test_client_may_be_back_unless_it_went_for_good(ends: tuple[Peer, Peer]) -> None:
    client = Client()
    for for_good in (True, False):
        client.come(ends[0], 0)
        client.go(for_good=for_good)
        assert client.may_be_back is not for_good
        assert not client.attached
