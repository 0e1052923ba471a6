"""The `.` of vi: the last change, once more."""

from __future__ import annotations

import pytest

from tests.client.editor.desk import Desk
from tests.client.editor.test_vi_keys import ESC, in_command_mode


@pytest.mark.parametrize(
    ("typed", "keys", "line"),
    [
        ("abcdef", "0x.", "cdef"),
        ("abcdef", "0x3.", "ef"),
        ("abcdef", "02x.", "ef"),
        ("abcdefghijklmnop", "010x2.", "mnop"),
        ("abcdef", "02xu.", "cdef"),
        ("a b c d", "0dw..", "d"),
        ("a b c d", "0dww.", "b d"),
        ("abc", "0rXl.", "XXc"),
        ("abc", "0ylp.", "aaabc"),
        ("abc", ".", "abc"),
        ("abc", "0l.", "abc"),
    ],
)
def test_last_change_is_done_again(vi: Desk, typed: str, keys: str, line: str) -> None:
    assert vi.type(typed + ESC, in_command_mode(vi), f"{keys}\r") == line


def test_what_was_inserted_is_inserted_again(vi: Desk) -> None:
    end = in_command_mode(vi)
    assert vi.type(f"a a a{ESC}", end, f"0cwXY{ESC}", end, "w.w.\r") == "XY XY XY"
    assert vi.type(f"a b{ESC}", end, f"0A, c{ESC}", end, "0..\r") == "a b, c, c, c"


def test_change_of_the_line_before_is_remembered(vi: Desk) -> None:
    assert vi.type(f"abc{ESC}", in_command_mode(vi), "0x\r") == "bc"
    assert vi.type(f"xyz{ESC}", in_command_mode(vi), "0.\r") == "yz"
