from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from rsh.transport.records import RECORD, gathered

MOST = 4 * RECORD


@given(st.lists(st.integers(0, 6 * RECORD), max_size=5))
def test_pieces_are_the_parts_joined_whatever_their_lengths(lengths: list[int]) -> None:
    data = os.urandom(6 * RECORD)
    parts = [data[:length] for length in lengths]
    assert b"".join(gathered(parts, MOST)) == b"".join(parts)


@given(st.lists(st.integers(0, 6 * RECORD), max_size=5))
def test_pieces_are_whole_records_but_for_the_last(lengths: list[int]) -> None:
    pieces = list(gathered([bytes(length) for length in lengths], MOST))
    assert all(len(piece) % RECORD == 0 for piece in pieces[:-1])
    assert all(0 < len(piece) <= MOST for piece in pieces)


def test_header_shares_a_record_with_its_content_which_is_not_copied() -> None:
    content = bytearray(MOST)
    pieces = list(gathered([b"header", content], MOST))
    assert [len(piece) for piece in pieces] == [RECORD, 3 * RECORD, 6]
    assert pieces[1].obj is content


def test_nothing_is_nothing() -> None:
    assert list(gathered([], MOST)) == []
