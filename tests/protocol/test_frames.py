from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsh.errors import ProtocolError
from rsh.protocol.frames import (
    HEADER,
    LARGE,
    MAX_DATA,
    MAX_GREETING,
    MAX_PAYLOAD,
    NEAR,
    Decoder,
    Frame,
    Kind,
    encode,
    encode_header,
)
from tests.protocol.conversation import feed, frames_of

FRAMES = st.builds(
    Frame, st.sampled_from(list(Kind)), st.integers(0, 255), st.integers(0, 2**32 - 1), st.binary(max_size=300)
)


@given(st.lists(FRAMES, max_size=8), st.lists(st.integers(1, 40), max_size=60))
def test_frames_come_out_as_they_went_in_whatever_the_chunks(frames: list[Frame], cuts: list[int]) -> None:
    data = b"".join(encode(frame) for frame in frames)
    decoder = Decoder()
    out: list[Frame] = []
    for cut in cuts:
        out += feed(decoder, data[:cut])
        data = data[cut:]
    out += feed(decoder, data)
    assert [(f.kind, f.flags, f.channel, bytes(f.payload)) for f in out] == [tuple(f) for f in frames]
    assert decoder.between_frames


@pytest.mark.parametrize("length", [0, NEAR - 2 * HEADER.size - 1, NEAR - HEADER.size, NEAR, LARGE, MAX_DATA])
@pytest.mark.parametrize("behind", [b"", b"little", bytes(NEAR)])
def test_payload_is_whole_wherever_it_begins_and_ends(length: int, behind: bytes) -> None:
    payloads = [b"first", bytes(range(256)) * (length // 256) + bytes(length % 256), behind, b"last"]
    decoder = Decoder(MAX_PAYLOAD)
    out = feed(decoder, b"".join(encode(Frame(Kind.DATA, 0, 1, each)) for each in payloads))
    assert [bytes(frame.payload) for frame in out] == payloads
    assert decoder.between_frames


def test_limit_counts_from_the_next_frame_on() -> None:
    decoder = Decoder()
    data = encode(Frame(Kind.LINK, 0, 0, b"welcome")) + encode(Frame(Kind.DATA, 0, 1, bytes(MAX_GREETING + 1)))
    frames = frames_of(decoder, data)
    assert next(frames).payload == b"welcome"
    decoder.limit = MAX_PAYLOAD
    assert len(next(frames).payload) == MAX_GREETING + 1


def test_frames_come_out_when_fed_byte_by_byte() -> None:
    decoder = Decoder()
    data = encode(Frame(Kind.DATA, 1, 3, b"hello")) + encode(Frame(Kind.CONTROL, 0, 5, b""))
    out = [frame for byte in data for frame in feed(decoder, bytes([byte]))]
    assert [bytes(frame.payload) for frame in out] == [b"hello", b""]


def test_length_is_refused_before_the_greeting_when_above_4_kib() -> None:
    with pytest.raises(ProtocolError, match="4097 bytes, 4096 allowed"):
        feed(Decoder(), encode_header(Kind.LINK, 0, 0, MAX_GREETING + 1))


def test_length_is_refused_before_anything_is_allocated_when_absurd() -> None:
    decoder = Decoder(MAX_PAYLOAD)
    with pytest.raises(ProtocolError):
        feed(decoder, encode_header(Kind.DATA, 0, 1, 2**32 - 1))
    assert len(decoder.space()) < NEAR


def test_kind_is_refused_when_unknown() -> None:
    with pytest.raises(ProtocolError, match="unknown kind 9"):
        feed(Decoder(), encode_header(9, 0, 0, 0))


@pytest.mark.parametrize("length", [1, 64 * 1024, LARGE - 1, LARGE, MAX_PAYLOAD])
def test_payload_that_is_kept_keeps_no_more_than_twice_its_length(length: int) -> None:
    decoder = Decoder(MAX_PAYLOAD)
    (frame,) = feed(decoder, encode_header(Kind.DATA, 0, 1, length) + bytes(length))
    assert len(memoryview(frame.payload).obj) <= 2 * length  # type: ignore[arg-type]  # bytes or bytearray, as the decoder has it


def test_decoder_knows_when_a_frame_is_cut() -> None:
    decoder = Decoder()
    feed(decoder, encode(Frame(Kind.DATA, 0, 1, b"abc"))[:-1])
    assert not decoder.between_frames


def test_data_may_be_longer_than_messages() -> None:
    decoder = Decoder(MAX_PAYLOAD)
    (frame,) = feed(decoder, encode(Frame(Kind.DATA, 0, 1, bytes(MAX_DATA))))
    assert len(frame.payload) == MAX_DATA
    with pytest.raises(ProtocolError, match=f"{MAX_DATA} allowed"):
        feed(decoder, encode_header(Kind.DATA, 0, 1, MAX_DATA + 1))
    with pytest.raises(ProtocolError, match=f"{MAX_PAYLOAD} allowed"):
        feed(Decoder(MAX_PAYLOAD), encode_header(Kind.CONTROL, 0, 1, MAX_PAYLOAD + 1))
    with pytest.raises(ProtocolError, match=f"{MAX_GREETING} allowed"):
        feed(Decoder(), encode_header(Kind.DATA, 0, 1, MAX_GREETING + 1))
