"""The keys of the prompt (R12-R14, R19, R32)."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.buffer import Buffer

from rsh.client.editor.name import Name
from tests.client.editor.desk import Desk, history_is_there, keep, line_is, menu_is_closed, menu_is_open, shown
from tests.machines import SOON

F3, F4 = "\x1bOR", "\x1bOS"
CTRL_LEFT, CTRL_RIGHT = "\x1b[1;5D", "\x1b[1;5C"
ALT_ENTER = "\x1b\r"
PASTE = "\x1b[200~%s\x1b[201~"


def test_ctrl_c_drops_the_line(desk: Desk) -> None:
    with pytest.raises(KeyboardInterrupt):
        desk.type("echo hi\x03")
    assert desk.type("next\r") == "next"


def test_ctrl_d_leaves_from_an_empty_line_only(desk: Desk) -> None:
    assert desk.type("ab\x1b[D\x04\r") == "a"
    with pytest.raises(EOFError):
        desk.type("\x04")


def test_tab_inserts_the_only_candidate_and_enter_runs(desk: Desk) -> None:
    assert desk.type("unz\t", line_is("unzip "), "x\r") == "unzip x"
    assert desk.type("cat my\t", line_is("cat my\\ file "), menu_is_closed, "\r") == "cat my\\ file "


def test_tab_inserts_what_candidates_have_in_common(desk: Desk) -> None:
    assert desk.type("cat map\t", line_is("cat map\\ "), menu_is_closed, "two\r") == "cat map\\ two"
    typed = desk.type("cat map\t", line_is("cat map\\ "), menu_is_closed, "\t", menu_is_open, "\t\t", "\r", "\r")
    assert typed == "cat map\\ two "


def test_enter_in_the_menu_accepts_and_does_not_run(desk: Desk) -> None:
    typed = desk.type("ma\t", menu_is_open, "\t", line_is("make "), "\r", menu_is_closed, "x\r")
    assert typed == "make x"


def test_escape_and_ctrl_c_close_the_menu_only(desk: Desk) -> None:
    for key in ("\x1b", "\x03"):
        assert desk.type("ma\t", menu_is_open, "\t", line_is("make "), key, menu_is_closed, "\r") == "ma"


def test_enter_goes_on_while_the_line_is_unfinished(desk: Desk) -> None:
    assert desk.type("for i in 1; do\recho 'a\rb'\rdone\r") == "for i in 1; do\necho 'a\nb'\ndone"
    assert "… " in desk.shown.getvalue()


def test_enter_runs_a_function_of_zsh_whose_brace_closes_it(tmp_path: Path) -> None:
    builtins: list[Name] = []
    desk = Desk(tmp_path, ask=lambda kind, word, _: builtins if (kind, word) == ("command", b"zmodload") else [])
    assert desk.type("f() { ls }\r}\r") == "f() { ls }\n}"
    builtins.append(Name("zmodload"))
    desk.memory.forget()
    assert desk.type("f() { ls }\r") == "f() { ls }"
    desk.close()


def test_alt_enter_and_f3_begin_a_line(desk: Desk) -> None:
    assert desk.type(f"a{ALT_ENTER}b\r") == "a\nb"
    assert desk.type(f"{F3}a\rb{ALT_ENTER}") == "a\nb"


def test_pasted_lines_do_not_run(desk: Desk) -> None:
    assert desk.type(PASTE % "a\r\nb\rc\n\n", line_is("a\nb\nc"), "\r") == "a\nb\nc"


def test_long_paste_is_announced_and_its_control_characters_are_shown(desk: Desk) -> None:
    desk.type(PASTE % ("x\x1b[31m\n" * 12), shown(desk, "12 lines pasted"), "\r")
    assert "x\x1b[31m" not in desk.shown.getvalue()
    assert "^[" in desk.shown.getvalue()


def test_f4_changes_to_vi_keys(desk: Desk) -> None:
    assert desk.type(f"{F4}ab c\x1b", lambda _: True, "0dwi\r") == "c"


def test_escape_sequence_that_nobody_knows_does_no_harm(desk: Desk) -> None:
    assert desk.type("a\x1b[31mb\x1b[<1mc\r") == "abc"


def test_last_word_of_the_line_before_comes_back(desk: Desk) -> None:
    keep(desk, "cat /etc/hosts")
    assert desk.type(history_is_there, "less \x1b.\r") == "less /etc/hosts"


def test_grey_text_is_taken_word_by_word_or_whole(desk: Desk) -> None:
    keep(desk, "make all now", "find one two", "tell every body", "take it all")
    for key, begun, one, two in (
        ("\x1bf", "ma", "ke", " all"),
        (CTRL_RIGHT, "fi", "nd", " one"),
        ("\x1b[1;3C", "te", "ll", " every"),
        ("\x1b[F", "ta", "ke it all", ""),
    ):
        typed = begun, _has_ghost, key, line_is(begun + one), *((_has_ghost, key) if two else ())
        assert desk.type(history_is_there, *typed, line_is(begun + one + two), "\r") == begun + one + two


def _has_ghost(buffer: Buffer) -> bool:
    return buffer.suggestion is not None and buffer.suggestion.text != ""


def test_arrows_with_ctrl_or_alt_go_by_the_words_of_bash(desk: Desk) -> None:
    assert desk.type(f"cd /usr/lib{CTRL_LEFT}{CTRL_LEFT}X{CTRL_RIGHT}Y\r") == "cd /XusrY/lib"
    assert desk.type("cd /usr/lib\x1b[1;3D\x1b[1;3DX\x1b[1;3CY\r") == "cd /XusrY/lib"


def test_key_behind_ctrl_v_stands_for_itself(desk: Desk) -> None:
    assert desk.type("a\x16\tb\x16\x03\r") == "a\tb\x03"


def test_completions_are_listed_or_put_in_all_at_once(desk: Desk) -> None:
    desk.memory._budget = SOON  # an answer that is late completes as Tab does
    assert desk.type("cat map\x1b?", menu_is_open, "\t", line_is("cat map\\ one "), "\r\r") == "cat map\\ one "
    assert desk.type("cat map\x1b*\r") == "cat map\\ one map\\ two "
    assert desk.type("cat none\x1b*\r") == "cat none"


def test_what_was_typed_at_one_go_is_undone_at_once(desk: Desk) -> None:
    assert desk.type("one two\x17three\x1f\r") == "one "


def test_words_are_swapped(desk: Desk) -> None:
    assert desk.type("cd /one/two\x1bt\r") == "cd /two/one"


def test_alt_key_that_means_nothing_puts_nothing_in(desk: Desk) -> None:
    assert desk.type("a\x1bpb\x1b~c\r") == "abc"
    assert desk.type(f"ab\x1b{PASTE % 'x'}", line_is("abx"), "\r") == "abx"


def test_keys_go_on_behind_ctrl_space(desk: Desk) -> None:
    assert desk.type("ab\x00c\x00\x15d\r") == "d"
