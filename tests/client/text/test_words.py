"""Words as bash's keys see them (R12)."""

from __future__ import annotations

import pytest

from rsh.client.text.words import next_end, previous_start, swapped


@pytest.mark.parametrize(
    ("text", "start"), [("cat /usr/lib/", 9), ("cat /usr/lib", 9), ("a_b", 2), ("  ", 0), ("", 0), ("日本 ", 0)]
)
def test_word_before_the_end_begins_there(text: str, start: int) -> None:
    assert previous_start(text, len(text)) == start


@pytest.mark.parametrize(("text", "end"), [("cat x", 3), ("/usr/lib", 4), ("--", 2), ("", 0)])
def test_word_from_the_beginning_ends_there(text: str, end: int) -> None:
    assert next_end(text, 0) == end


@pytest.mark.parametrize(
    ("text", "position", "swap"),
    [
        ("ab-cd ef", 8, ("ab-ef cd", 8)),
        ("ab-cd ef", 4, ("cd-ab ef", 5)),
        ("ab cd", 2, ("cd ab", 5)),
        ("ab", 2, None),
        ("ab cd", 0, None),
        ("", 0, None),
    ],
)
def test_words_are_swapped_as_in_bash(text: str, position: int, swap: tuple[str, int] | None) -> None:
    assert swapped(text, position) == swap
