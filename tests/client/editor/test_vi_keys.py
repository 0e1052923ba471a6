"""The keys of vi's command mode (R12), as POSIX has them for sh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.client.editor.desk import RIGHT, Desk, Until, history_is_there, keep, line_is, shown

ESC = "\x1b"


def in_command_mode(desk: Desk) -> Until:
    """Wait until Esc has been taken for a key, and not for the beginning of one."""
    return lambda _: desk.screen.session.app.vi_state.input_mode.name == "NAVIGATION"


@pytest.mark.parametrize(
    ("typed", "keys", "line"),
    [
        ("foo bar baz", "0db", "foo bar baz"),
        ("foo bar baz", "0d0", "foo bar baz"),
        ("foo bar baz", "0dhx", "oo bar baz"),
        ("foo bar baz", "0dfx", "foo bar baz"),
        ("foo bar baz", "0ybx", "oo bar baz"),
        ("foo bar baz", "de", "foo bar ba"),
        ("foo bar baz", "0cwX", "X bar baz"),
        ("foo bar baz", "02cwX", "X baz"),
        ("foo b-r baz", "0wcWX", "foo X baz"),
        ("foo  bar", "03lcwX", "fooXbar"),
        ("foo bar", "cwX", "foo baX"),
        ("a (b c) d", "0%lx", "a (b c)d"),
        ("a (b c) d", "0f(d%", "a  d"),
        ("a (b c) d", "0f)d%", "a  d"),
        ("no bracket", "0d%", "no bracket"),
        ("say 'a b' c", "0wci'X", "say 'X' c"),
        ("say 'a b' c", "0da'", "say  c"),
        ("say '' c", "0ci'X", "say 'X' c"),
        ("say a", "0di'", "say a"),
        ("foo bar", "02rX", "XXo bar"),
        ("foo bar", "09rX", "foo bar"),
        ("foo bar", "0rX~", "xoo bar"),
        ("foo bar", "05~x", "FOO Br"),
        ("foo bar", f"{ESC}[1~{ESC}[3~", "oo bar"),
    ],
)
def test_command_does_what_vi_does(vi: Desk, typed: str, keys: str, line: str) -> None:
    assert vi.type(typed + ESC, in_command_mode(vi), f"{keys}\r") == line


def test_replacing_is_given_up_by_escape(vi: Desk) -> None:
    assert vi.type(f"abc{ESC}", in_command_mode(vi), f"0r{ESC}", in_command_mode(vi), "x\r") == "bc"


def test_history_is_walked_whatever_was_typed(vi: Desk) -> None:
    keep(vi, "first", "second")
    assert vi.type(history_is_there, f"ls{ESC}", in_command_mode(vi), "kkj", line_is("second"), "x\r") == "econd"
    assert vi.type(history_is_there, f"ls{ESC}", in_command_mode(vi), "jx\r") == "l"


def test_enter_goes_on_behind_an_unfinished_line(vi: Desk) -> None:
    assert vi.type(f"echo 'a{ESC}", in_command_mode(vi), "\rb'\r") == "echo 'a\nb'"


def test_escape_and_enter_run_the_line(vi: Desk) -> None:
    assert vi.type(f"abc{ESC}\r") == "abc"


def test_number_sign_makes_the_line_a_comment(vi: Desk) -> None:
    assert vi.type(f"rm x{ESC}", in_command_mode(vi), "#") == "#rm x"


def test_word_at_the_cursor_is_completed(vi: Desk) -> None:
    assert vi.type(f"unz{ESC}", in_command_mode(vi), "\\", line_is("unzip "), "x\r") == "unzip x"
    assert vi.type(f"cat map{ESC}", in_command_mode(vi), "*x\r") == "cat map\\ one map\\ two x"


def test_whole_insertion_is_undone_at_once(vi: Desk) -> None:
    assert vi.type(f"ab cd{ESC}", in_command_mode(vi), f"bcwxyz{ESC}", in_command_mode(vi), "uA!\r") == "ab !"


def test_cursor_shows_the_mode_and_is_put_back(tmp_path: Path) -> None:
    vi = Desk(tmp_path, marked=True)
    vi.settings.set("keys", "vi")
    vi.type(f"ab{ESC}", in_command_mode(vi), shown(vi, "\x1b[2 q"), "Rx\r")
    shapes = re.findall(r"\x1b\[(\d) q", vi.shown.getvalue())
    assert (shapes[0], shapes[-1]) == ("6", "0")
    vi.settings.set("keys", "emacs")
    vi.shown.truncate(0)
    vi.type("ab\r")
    assert " q" not in vi.shown.getvalue()
    vi.close()


def test_slash_finds_a_line_to_be_changed(vi: Desk) -> None:
    keep(vi, "rm needle", "ls")
    typed = history_is_there, ESC, in_command_mode(vi), "/need", shown(vi, "rm "), "\r", line_is("rm needle"), "x\r"
    assert vi.type(*typed) == "rm eedle"


def test_search_begun_while_typing_ends_there(vi: Desk) -> None:
    keep(vi, "echo needle", "ls")
    assert vi.type(history_is_there, "\x12need", shown(vi, "echo "), f"{RIGHT}X\r") == "echo nXeedle"
    assert vi.type("\x12nosuch", shown(vi, "(nothing found)"), "\x07X\r") == "X"
    assert vi.type(history_is_there, "\x12need\r") == "echo needle"
