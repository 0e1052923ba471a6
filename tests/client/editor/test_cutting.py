"""What is cut comes back as it would in bash."""

from __future__ import annotations

from tests.client.editor.desk import Desk, line_is


def test_words_are_cut_as_in_bash_and_come_back(desk: Desk) -> None:
    assert desk.type("cat /usr/lib/\x1b\x7f\x1b\x7f", line_is("cat /"), "\x19\r") == "cat /usr/lib/"
    assert desk.type("cat /usr/lib \x17\r") == "cat "
    assert desk.type("ab cd\x1bb\x1bd\x1bbx\r") == "xab "


def test_cuts_that_follow_one_another_come_back_as_one(desk: Desk) -> None:
    assert desk.type("cat one/two three\x17\x1b\x7f\x1b\x7f\x15\x19\r") == "cat one/two three"
    assert desk.type("one two three\x1bb\x0b\x15\x19\x19\r") == "one two three" * 2
    assert desk.type("one two\x17\x02\x06\x15x\x19\x1by\r") == "xtwo"  # others stand between these


def test_what_cuts_nothing_leaves_what_was_cut(desk: Desk) -> None:
    assert desk.type("one two\x17\x05\x0b\x1bd\x19\r") == "one two"
    assert desk.type("\x1b2\x17\x1b-\x17one two three\x1b2\x17\r") == "one "


def test_cut_is_undone(desk: Desk) -> None:
    assert desk.type("one two\x17\x1f\r") == "one two"
