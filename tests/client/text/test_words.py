"""Words as bash's keys see them (R12)."""

from __future__ import annotations

import pytest

from rsh.client.text.words import next_end, previous_start


@pytest.mark.parametrize(
    ("text", "start"), [("cat /usr/lib/", 9), ("cat /usr/lib", 9), ("a_b", 2), ("  ", 0), ("", 0), ("日本 ", 0)]
)
def test_word_before_the_end_begins_there(text: str, start: int) -> None:
    assert previous_start(text, len(text)) == start


@pytest.mark.parametrize(("text", "end"), [("cat x", 3), ("/usr/lib", 4), ("--", 2), ("", 0)])
def test_word_from_the_beginning_ends_there(text: str, end: int) -> None:
    assert next_end(text, 0) == end
