"""What the prompt shows, keeps and gives."""

from __future__ import annotations

import gc
import re
import signal
import sys
from pathlib import Path
from types import FrameType

import pytest
from prompt_toolkit.buffer import Buffer

from rsh.client.editor.history import History
from tests.client.editor.desk import (
    RIGHT,
    UP,
    Desk,
    ghost,
    history_is_there,
    keep,
    line_is,
    menu_is_closed,
    menu_is_open,
    shown,
)


def test_enter_gives_the_line(desk: Desk) -> None:
    assert desk.type("echo hi\r") == "echo hi"


def test_what_is_typed_behind_the_line_is_not_the_next_one_unless_nobody_wants_it(desk: Desk) -> None:
    typed = b"secret\rha\xffl \x1b[200~a\rb\x1b[201~"
    for press in (desk.screen.type_ahead, desk.press):
        press(b"echo one\r" + typed)
        assert desk.type() == "echo one"
        assert desk.screen.take_ahead() == typed
        assert desk.screen.take_ahead() == b""
        press(typed)
        assert desk.type() == "secret"
        assert desk.type(line_is("ha\udcffl a\nb"), "\r") == "ha\udcffl a\nb"


def test_keys_that_come_now_are_behind_those_that_were_typed_ahead(desk: Desk) -> None:
    desk.press(b" three\r")
    desk.screen.type_ahead(b"one")
    desk.screen.type_ahead(b" two")
    assert desk.type() == "one two three"


@pytest.mark.parametrize("ahead", [False, True])
def test_up_that_was_typed_before_the_prompt_finds_the_line(desk: Desk, ahead: bool) -> None:
    keep(desk, *(f"echo {number}" for number in range(5000)), "echo last")
    for _ in range(2):  # read from the file, and known
        press = desk.screen.type_ahead if ahead else desk.press
        press(b"\x1b[A\r")
        assert desk.type() == "echo last"


def test_up_finds_what_begins_as_typed(desk: Desk) -> None:
    keep(desk, "make a", "ls", "make b", "ls -l")
    assert desk.type(history_is_there, "make", UP, line_is("make b"), UP, line_is("make a"), "\r") == "make a"


def test_ghost_text_is_taken_by_the_right_arrow(desk: Desk) -> None:
    keep(desk, "for i in 1\ndo x\ndone", "ls -l /very/long")
    assert desk.type(history_is_there, "ls", ghost(" -l /very/long"), RIGHT + "\r") == "ls -l /very/long"
    assert desk.type("for", ghost(" i in 1\ndo x\ndone"), "\x05\r") == "for i in 1\ndo x\ndone"


def test_ghost_text_comes_for_what_was_typed_before_the_history_was_there(desk: Desk) -> None:
    keep(desk, "echo first")
    assert desk.type("ec", ghost("ho first"), RIGHT + "\r") == "echo first"


def test_long_line_is_wrapped_without_a_mark(desk: Desk) -> None:
    assert desk.type("x" * 100 + "\r") == "x" * 100
    assert "…" not in desk.shown.getvalue()


def test_line_with_a_blank_in_front_is_not_offered_again(desk: Desk) -> None:
    desk.type(" secret\r")
    desk.type("plain\r")
    assert desk.type(history_is_there, UP, line_is("plain"), UP, "\r") == "plain"


def test_no_colour_and_no_question_to_the_terminal(desk: Desk) -> None:
    desk.type("ma\t", menu_is_open, "\r")
    codes = {code for found in re.findall(r"\x1b\[([0-9;]*)m", desk.shown.getvalue()) for code in found.split(";")}
    assert codes <= {"", "0", "1", "2", "4", "7"}
    assert "\x1b[6n" not in desk.shown.getvalue()


def test_status_and_host_are_coloured_where_colours_are_wanted(tmp_path: Path) -> None:
    desk = Desk(tmp_path, color=True)
    desk.type("\r")
    desk.close()
    assert "\x1b[0;31;1m 2" in desk.shown.getvalue()


@pytest.mark.parametrize(("columns", "rows"), [(20, 5), (12, 3), (20, 2), (20, 1), (1, 5)])
def test_menu_makes_do_with_a_small_screen(tmp_path: Path, columns: int, rows: int) -> None:
    desk = Desk(tmp_path, columns=columns, rows=rows)
    assert desk.type("ma\t", menu_is_open, "\t\t", line_is("man "), "\r", menu_is_closed, "\r") == "man "
    desk.close()
    assert "too small" not in desk.shown.getvalue()


def test_output_without_a_newline_gets_a_mark_and_a_line_of_its_own(desk: Desk) -> None:
    desk.type("a\r")
    assert "%" not in desk.shown.getvalue()
    desk.screen._paper.begin_line()
    assert "\x1b[7m%\x1b[0m" + " " * 79 + "\r" in desk.shown.getvalue()


def test_lines_of_another_prompt_are_found(desk: Desk, tmp_path: Path) -> None:
    assert desk.type("mine\r") == "mine"
    History(str(tmp_path / "h")).begin("theirs", b"")
    assert desk.type(history_is_there, UP, line_is("theirs"), UP, line_is("mine"), "\r") == "mine"


def test_settings_are_in_force_at_once(desk: Desk) -> None:
    desk.settings.set("keys", "vi")
    assert desk.type("ab\x1b", lambda _: True, "0xi\r") == "b"
    desk.settings.set("prompt", "new> %h")
    desk.type(shown(desk, "new> "), "\r")


def test_ctrl_c_drops_the_line_at_whatever_moment_of_its_beginning_it_comes(desk: Desk) -> None:
    calls = calls_to_prompt(desk)
    for moment in [*range(1, 600, 23), *range(600, calls * 9 // 10, calls // 9)]:
        with pytest.raises(KeyboardInterrupt):
            calls_to_prompt(desk, moment)
        gc.collect()  # what was left half made would say so now
    assert desk.type("echo hi\r") == "echo hi"


def calls_to_prompt(desk: Desk, moment: int = 0) -> int:
    """Begin a prompt, with Ctrl-C at the n-th call, or with Enter once it is there; count the calls till then."""
    calls = drawn = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"
        if calls == moment and event == "call":
            signal.raise_signal(signal.SIGINT)

    def is_drawn(buffer: Buffer) -> bool:
        nonlocal drawn
        drawn = drawn or calls
        return True

    sys.setprofile(count)
    try:
        desk.type(is_drawn, *(() if moment else ("\r",)))
    finally:
        sys.setprofile(None)
    return drawn
