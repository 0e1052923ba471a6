from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsh.errors import ProtocolError
from rsh.files.stream.stream import (
    MAX_ELEMENT,
    PIECE,
    WORD,
    WRITE,
    RecordReader,
    RecordWriter,
    read_records,
    write_records,
)
from rsh.protocol import transfer_records
from rsh.protocol.frames import MAX_PAYLOAD
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.transfer_records import Begin, Finish, Leave, Packed, TransferRecord
from tests.files.pipes import PipeEnd, pipe_pair

ELEMENTS = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=400),
        st.builds(Begin, st.integers(0, 2**40)),
        st.builds(Failure, st.binary(max_size=300), st.just("EIO")),
        st.just(Leave()),
    ),
    max_size=20,
)


def write_all(pipe: PipeEnd, elements: list[TransferRecord | bytes]) -> None:
    writer = RecordWriter(pipe)
    for element in elements:
        if isinstance(element, bytes):
            writer.content(element)
        else:
            writer.record(element)
    writer.end()


def read_all(pipe: PipeEnd) -> list[TransferRecord | bytes]:
    """Read a stream; neighbouring content is joined, for it may come in several views."""
    elements: list[TransferRecord | bytes] = []
    for element in RecordReader(pipe, transfer_records.TRANSFER):
        if not isinstance(element, memoryview):
            elements.append(element)
        elif elements and isinstance(elements[-1], bytes):
            elements[-1] += bytes(element)
        else:
            elements.append(bytes(element))
    return elements


def joined(elements: list[TransferRecord | bytes]) -> list[TransferRecord | bytes]:
    near, far = pipe_pair(2**20)
    write_all(near, elements)
    return read_all(far)


@given(ELEMENTS, st.lists(st.integers(1, 50), min_size=1))
def test_any_elements_survive_any_cutting(elements: list[TransferRecord | bytes], cuts: list[int]) -> None:
    near, far = pipe_pair(2**20)
    write_all(near, elements)
    stream = b"".join(iter(far.read, b""))
    near, far = pipe_pair(2**20)
    position = 0
    while position < len(stream):
        cut = cuts[position % len(cuts)]
        near.write(stream[position : position + cut])
        position += cut
    near.end()
    assert read_all(far) == joined(elements)


def test_small_elements_are_packed_into_full_frames() -> None:
    near, far = pipe_pair(2**24)
    packed = Packed(b"name", 0o644, 0, b"x" * 4096, b"d" * 16)
    write_all(near, [packed] * 200)
    lengths = [len(piece) for piece in iter(far.read, b"")]
    assert len(lengths) == 4 and max(lengths) <= MAX_PAYLOAD
    assert min(lengths[:-1]) > MAX_PAYLOAD - 2 * 4096


@pytest.mark.parametrize("size", [PIECE, WRITE - WORD.size])
def test_full_piece_of_content_is_one_frame_and_one_view(size: int) -> None:
    near, far = pipe_pair(2**24)
    write_all(near, [b"x" * size])
    views = list(RecordReader(far, transfer_records.TRANSFER))
    assert [len(view) for view in views if isinstance(view, memoryview)] == [size]


def test_record_that_is_too_long_is_refused_by_the_writer() -> None:
    near, far = pipe_pair(2**24)
    writer = RecordWriter(near)
    writer.record(End())
    with pytest.raises(ProtocolError, match="too long"):
        writer.record(Failure(b"x" * MAX_ELEMENT, "EIO"))
    writer.end()
    assert read_all(far) == [End()]


def test_content_cannot_be_forged_into_a_record() -> None:
    finish = b"\x80\x00\x00\x01\x91\x0a"
    assert joined([finish, Finish(b"d" * 16), finish]) == [finish, Finish(b"d" * 16), finish]


def test_answers_are_read_as_they_were_written() -> None:
    near, far = pipe_pair(2**20)
    answers = [Failure(b"a", "EIO"), Failure(b"b", "ENOENT")]
    write_records(near, answers, lane=1)
    assert list(read_records(far, lane=1)) == answers


def test_content_in_an_answer_is_a_violation() -> None:
    near, far = pipe_pair(2**20)
    RecordWriter(near).content(b"x" * 20_000)
    with pytest.raises(ProtocolError, match="content"):
        list(read_records(far))
