from __future__ import annotations

import signal
import struct
from typing import Final

import pytest

from rsh.errors import ProtocolError
from rsh.files.stream.stream import RecordWriter
from rsh.holder import wire
from rsh.protocol.any_record import Record
from rsh.protocol.frames import MAX_PAYLOAD, Buffer
from rsh.protocol.messages import Resize, Signal
from rsh.protocol.shell_records import Hangup, Line, Ready, Seen
from rsh.server.asked import MAX_LINE, Asked, told


class Lane:
    """Keeps what is written, in the place of a channel."""

    frame: Final = MAX_PAYLOAD

    def __init__(self) -> None:
        self.written = b""

    def read(self, lane: int = 0) -> Buffer:
        return b""

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        self.written += b"".join(parts)

    def end(self, lane: int = 0) -> None:
        pass

    def close(self) -> None:
        pass


def written(*elements: Record | bytes) -> bytes:
    """Give records and content as they travel."""
    lane = Lane()
    writer = RecordWriter(lane)
    for element in elements:
        writer.content(element) if isinstance(element, bytes) else writer.record(element)
    writer.flush()
    return lane.written


def messages(data: bytes, size: int) -> list[tuple[int, bytes]]:
    """Give the messages for the holder that come of a lane which arrives in pieces of so many bytes."""
    asked = Asked(Lane())
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return [message for piece in (*pieces, b"") for message in asked.cut(bytearray(piece))]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_lines_and_records_become_messages_however_they_are_cut(size: int) -> None:
    data = written(Line(5, 1, 3), b"echo ", Line(0, 2, 3), Seen(9), Hangup())
    assert messages(data, size) == [
        (wire.RUN, wire.RUN_HEAD.pack(1, 3, 0) + b"echo "),
        (wire.RUN, wire.RUN_HEAD.pack(2, 3, 0)),
        (wire.SEEN, wire.NUMBER.pack(9)),
        (wire.END, b""),
        (wire.LEAVE, b""),
    ]


@pytest.mark.parametrize(
    "elements",
    [
        (Line(3, 1, 0), b"more"),
        (Line(3, 1, 0), b"mo", Hangup()),
        (Line(MAX_LINE + 1, 1, 0),),
        (Ready(0, 0, b"/", 1, 1, 0, b""),),
    ],
)
def test_what_no_client_may_say_is_a_violation(elements: tuple[Record | bytes, ...]) -> None:
    with pytest.raises(ProtocolError):
        messages(written(*elements), 10_000)


def test_client_is_leaving_once_it_has_ended_its_lane() -> None:
    asked = Asked(Lane())
    assert not asked.leaving
    assert list(asked.cut(b"")) == [(wire.LEAVE, b"")]
    assert asked.leaving


def test_messages_of_a_channel_become_those_of_the_holder() -> None:
    assert told(Resize(80, 24)) == (wire.RESIZE, struct.pack(">HH", 80, 24))
    assert told(Signal("INT")) == (wire.SIGNAL, bytes([signal.SIGINT]))
    assert told(Signal("NONE")) == (wire.SIGNAL, b"\0")
    assert told(False) == (wire.AWAY, b"\1")
