from __future__ import annotations

import os
import threading

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from rsh.errors import ProtocolError, UsageError
from rsh.files.stream.compression import (
    COMPRESSED,
    MAX_BLOCK,
    MAX_PLAIN,
    TWO_WORDS,
    WORD,
    Expanded,
    Squeezed,
    expanded,
    squeezed,
)
from rsh.files.stream.effort import Effort
from tests.files.pipes import PipeEnd, pipe_pair

WIDE = 2**30
MOST_PIECES = 200  # each is handed from one thread to another, which takes its time


def elsewhere() -> bool:
    return False


def wire_of(*writes: tuple[bytes, ...]) -> bytes:
    near, far = pipe_pair(WIDE)
    pipe = Squeezed(near, Effort(elsewhere, always=True))
    for parts in writes:
        pipe.write(*parts)
    pipe.end()
    return everything(far)


def everything(pipe: PipeEnd | Expanded, lane: int = 0) -> bytes:
    found = bytearray()
    while piece := pipe.read(lane):
        found += piece
    return bytes(found)


def expand(wire: bytes, capacity: int = WIDE) -> bytes:
    near, far = pipe_pair(capacity)

    def write() -> None:
        near.write(wire)
        near.end()

    threading.Thread(target=write, daemon=True).start()
    return everything(Expanded(far))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.binary(max_size=3), st.sampled_from([b"", b"a" * 5000, os.urandom(5000), bytes(600_000)]))),
    st.integers(1, 70_000),
)
def test_what_is_squeezed_comes_out_again_however_it_is_cut(writes: list[tuple[bytes, ...]], capacity: int) -> None:
    wire = wire_of(*writes)
    pieces = max(capacity, len(wire) // MOST_PIECES)
    assert expand(wire, pieces) == b"".join(b"".join(parts) for parts in writes)


def test_text_shrinks_and_noise_does_not_grow() -> None:
    text = b"the same words again and again; " * 8000
    assert len(wire_of((text,))) < len(text) / 20
    noise = [(os.urandom(200_000),) for _ in range(10)]
    assert len(wire_of(*noise)) == 10 * (200_000 + WORD.size)


def test_what_does_not_shrink_is_not_tried_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    near, _ = pipe_pair(WIDE)
    pipe = Squeezed(near, Effort(elsewhere, always=True))
    whole = pipe._compressor(1)

    class Counting:
        def compress(self, data: bytes) -> bytes:
            tried.append(len(data))
            return whole.compress(data)

    monkeypatch.setattr(pipe, "_compressor", lambda level: Counting())
    for _ in range(200):
        pipe.write(os.urandom(10_000))
    assert len(tried) < 20


def test_other_lanes_pass_as_they_are() -> None:
    near, far = pipe_pair(WIDE)
    Squeezed(near, Effort(elsewhere, always=True)).write(b"x" * 1000, lane=1)
    assert far.read(1) == b"x" * 1000
    Expanded(far).write(b"back")
    assert near.read() == b"back"


def frame(content: bytes) -> bytes:
    return zstandard.compress(content)


def streamed(content: bytes) -> bytes:
    """Give a frame that does not say how long its content is."""
    work = zstandard.ZstdCompressor().compressobj()
    return work.compress(content) + work.flush()


BOMB = frame(bytes(2**30))


@pytest.mark.parametrize(
    "wire",
    [
        WORD.pack(0),
        WORD.pack(MAX_PLAIN + 1),
        WORD.pack(COMPRESSED | (MAX_BLOCK + 1)) + WORD.pack(MAX_BLOCK),
        WORD.pack(5) + b"1234",
        b"\0\0",
        TWO_WORDS.pack(COMPRESSED | len(BOMB), 1000) + BOMB,
        TWO_WORDS.pack(COMPRESSED | len(BOMB), 2**30) + BOMB,
        TWO_WORDS.pack(COMPRESSED | len(frame(b"x" * 99)), 100) + frame(b"x" * 99),
        TWO_WORDS.pack(COMPRESSED | len(streamed(bytes(2**24))), 1000) + streamed(bytes(2**24)),
        TWO_WORDS.pack(COMPRESSED | 5, 100) + b"noise",
        TWO_WORDS.pack(COMPRESSED | len(frame(b"x" * 99)) + 1, 99) + frame(b"x" * 99) + b"!",
        TWO_WORDS.pack(COMPRESSED | len(frame(b"x" * 9999)) - 3, 9999) + frame(b"x" * 9999)[:-3],
        TWO_WORDS.pack(COMPRESSED, 100),
        TWO_WORDS.pack(COMPRESSED | 9, 0),
    ],
)
def test_a_bomb_and_whatever_else_is_wrong_is_a_violation(wire: bytes) -> None:
    with pytest.raises(ProtocolError):
        expand(wire)


def test_no_compression_costs_nothing() -> None:
    near, _ = pipe_pair()
    assert squeezed(near, "no", elsewhere) is near
    assert expanded(near, "no") is near
    with pytest.raises(UsageError):
        squeezed(near, "gzip", elsewhere)
