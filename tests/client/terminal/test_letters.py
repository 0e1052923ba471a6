"""What a stream has changed of how letters look."""

from __future__ import annotations

import pytest

from rsh.client.terminal.letters import Letters


@pytest.mark.parametrize(
    ("parameters", "undo"),
    [
        (b"1", b"\x1b[m"),
        (b"", b""),
        (b"0", b""),
        (b"1;00", b""),
        (b"0;31", b"\x1b[m"),
        (b"38;5;0", b"\x1b[m"),
        (b"48;2;1;1;0", b"\x1b[m"),
    ],
)
def test_last_word_of_a_style_counts(parameters: bytes, undo: bytes) -> None:
    letters = Letters()
    letters.style(parameters)
    assert b"".join(letters.undo()) == undo


def test_nothing_is_undone_that_was_not_done() -> None:
    letters = Letters()
    letters.choose(b"(", b"B")
    assert (b"".join(letters.undo()), b"".join(letters.redo())) == (b"", b"")


def test_everything_is_undone() -> None:
    letters = Letters()
    letters.style(b"7")
    letters.choose(b")", b"0")
    letters.shifted = letters.latin = letters.linked = True
    assert b"".join(letters.undo()) == b"\x1b]8;;\x1b\\\x1b[m\x0f\x1b%G\x1b)B"
    assert b"".join(letters.redo()) == b"\x1b)0\x0e"


def test_what_was_saved_comes_back_and_what_was_not_goes() -> None:
    letters = Letters()
    letters.style(b"1")
    saved = letters.look(origin=True)
    letters.style(b"0")
    letters.choose(b"(", b"0")
    letters.shifted = True
    letters.restore(saved, surely=True)
    assert saved.origin
    assert b"".join(letters.undo()) == b"\x1b[m"


def test_what_may_not_have_been_restored_is_undone_as_well() -> None:
    letters = Letters()
    saved = letters.look(origin=False)
    letters.style(b"1")
    letters.choose(b"(", b"0")
    letters.restore(saved, surely=False)
    assert b"".join(letters.undo()) == b"\x1b[m\x1b(B"


def test_soft_reset_leaves_the_coding_and_the_link() -> None:
    letters = Letters()
    letters.style(b"1")
    letters.choose(b"(", b"0")
    letters.shifted = letters.latin = letters.linked = True
    letters.reset_softly()
    assert b"".join(letters.undo()) == b"\x1b]8;;\x1b\\\x1b%G"
