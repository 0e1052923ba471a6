from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsh.client.terminal.sequences import MAX_SEQUENCE, SequenceReader

Found: TypeAlias = tuple[str, bytes, bytes]


class Notes:
    """Writes down what is found."""

    def __init__(self) -> None:
        self.found: list[Found] = []

    def obey_csi(self, name: bytes, parameters: bytes) -> None:
        self.found.append(("csi", name, parameters))

    def obey_escape(self, between: bytes, final: bytes) -> None:
        self.found.append(("escape", between, final))

    def obey_osc(self, text: bytes) -> None:
        self.found.append(("osc", text, b""))

    def obey_shift(self, out: bool) -> None:
        self.found.append(("shift", b"out" if out else b"in", b""))


def found_in(*pieces: bytes) -> list[Found]:
    notes = Notes()
    reader = SequenceReader(notes)
    for piece in pieces:
        reader.feed(piece)
    return notes.found


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"text", []),
        (b"\x1b[?1000;1006h", [("csi", b"?h", b"1000;1006")]),
        (b"\x1b[m\x1b[0 q", [("csi", b"m", b""), ("csi", b" q", b"0")]),
        (b"\x1b[m\x1b[2Kx\x1b[3;4H\n\x1b[?7l", [("csi", b"m", b""), ("csi", b"?l", b"7")]),
        (b"\x1b[1m\x1b[m\x1b[39;49m\x1b[31m\x1b[39mx\x1b[K", [("csi", b"m", b"31")]),
        (b"\x1b[!p\x1b[>4;2m", [("csi", b"!p", b""), ("csi", b">m", b"4;2")]),
        (b"\x1b(0\x1b=", [("escape", b"(", b"0"), ("escape", b"", b"=")]),
        (b"\x1b]0;title\x07x\x1b]11;#000\x1b\\", [("osc", b"0;title", b""), ("osc", b"11;#000", b"")]),
        (b"a\x0eb\x0fc\x0e", [("shift", b"out", b"")]),
        # What stands inside of a string is no sequence, be it another terminal's.
        (b"\x1bP+q\x07\x0e[?25l\x1b\\", []),
        # A control inside of a sequence is obeyed, and the sequence goes on; ESC begins another one, CAN ends it.
        (b"\x1b[?2\n5l", [("csi", b"?l", b"25")]),
        (b"\x1b[\r?25l", [("csi", b"?l", b"25")]),
        (b"\x1b[?25\x1b[?7l", [("csi", b"?l", b"7")]),
        (b"\x1b[?25\x18l", []),
        (b"\x1b]0;never ended\x1b[?7l", [("osc", b"0;never ended", b""), ("csi", b"?l", b"7")]),
        (b"\x1b\x1b\x1b[?7l", [("csi", b"?l", b"7")]),
        (b"\x9b?25l", []),
    ],
)
def test_sequences_are_found(data: bytes, found: list[Found]) -> None:
    assert [each for each in found_in(data) if each != ("escape", b"", b"\\")] == found  # ST, which ends a string


@given(
    st.lists(st.sampled_from([*b"\x1b[]P?0125;hmrqH(=>\\\x07\x18\x0e\x0f\nx ", 0xC3]), max_size=40).map(bytes),
    st.data(),
)
def test_where_the_stream_is_cut_makes_no_difference(stream: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(stream)))
    whole = found_in(stream)
    halves, bytewise = found_in(stream[:cut], stream[cut:]), found_in(*(bytes([byte]) for byte in stream))
    for kind in (lambda found: found[0] == "shift", lambda found: found[1] == b"m"):
        # Of these the last one counts; how many of those before are told depends on the cut.
        assert last(kind, halves) == last(kind, bytewise) == last(kind, whole)
    assert telling(halves) == telling(bytewise) == telling(whole)


def last(kind: Callable[[Found], bool], found: list[Found]) -> list[Found]:
    return [each for each in found if kind(each)][-1:]


def telling(found: list[Found]) -> list[Found]:
    return [each for each in found if each[0] != "shift" and each[1] not in (b"m", b"H")]


def test_memory_is_bounded_whatever_comes() -> None:
    notes = Notes()
    reader = SequenceReader(notes)
    for start in (b"\x1b]", b"\x1bP", b"\x1b[", b"\x1b("):
        for _ in range(100):
            reader.feed(start + b"1" * 10_000)
            start = b""
        assert len(reader._rest) <= MAX_SEQUENCE
        assert reader._string is None or len(reader._string) <= MAX_SEQUENCE
        reader.forget()
    assert all(len(found[1]) <= MAX_SEQUENCE for found in notes.found)


def test_a_buffer_of_any_kind_will_do() -> None:
    notes = Notes()
    reader = SequenceReader(notes)
    reader.feed(bytearray(b"\x1b[?25"))
    reader.feed(memoryview(b"l"))
    assert notes.found == [("csi", b"?l", b"25")]
