"""The prompt's keys and looks, with a pipe for a keyboard (R12-R14, R19, R32)."""

from __future__ import annotations

import io
import os
import pty
import re
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.output.vt100 import Vt100_Output

from rsh.client.cli.settings import Settings
from rsh.client.editor import completing
from rsh.client.editor.history import History
from rsh.client.editor.line_input import LineInput
from rsh.client.editor.name import Name
from rsh.client.editor.names import ClientNames, Memory
from rsh.client.editor.screen import Screen
from rsh.client.text.prompt_text import Place

Until: TypeAlias = Callable[[Buffer], bool]
Step: TypeAlias = str | Until

HERE = Place("ann", "box", b"/src", b"/home/ann", 2)
UP, RIGHT = "\x1b[A", "\x1b[C"
F3, F4 = "\x1bOR", "\x1bOS"
ALT_ENTER = "\x1b\r"
PASTE = "\x1b[200~%s\x1b[201~"


class Desk:
    """A screen, its keyboard, and the other side.

    Attributes:
        shown: all that was written to the screen.
        history: what was typed before.
        answers: while cleared, the other side does not answer.
        memory: what it has answered.
    """

    def __init__(self, keyboard: PipeInput, folder: Path, *, color: bool = False) -> None:
        self.shown = io.StringIO()
        self.history = History(str(folder / "h"))
        self.settings = Settings()
        self.answers = threading.Event()
        self.answers.set()
        self._keyboard = keyboard
        output = Vt100_Output(self.shown, lambda: Size(rows=24, columns=80), term="xterm", enable_cpr=False)
        self.memory = Memory(self._ask)
        names = ClientNames(self.memory, lambda: b"")
        self._screen = Screen(self.history, names, self.settings, color=color, input=keyboard, output=output)
        self.memory.told = self._screen.answered
        self._steps: Iterator[Step] = iter(())
        self._until: Until | None = None
        self._screen.session.app.after_render += lambda _: self._go_on()

    def type(self, *steps: Step) -> str:
        """Type keys, and where a condition stands among them, wait until it holds; give the line that comes out."""
        self._steps, self._until = iter(steps), None
        self._go_on()
        return self._screen.read(HERE, fresh_line=True)

    def type_ahead(self, data: bytes) -> None:
        """Have typed before there was a prompt."""
        self._screen.type_ahead(data)

    def take_ahead(self) -> bytes:
        """Take what no line has taken."""
        return self._screen.take_ahead()

    def _go_on(self) -> None:
        while self._until is None or self._until(self._screen.session.default_buffer):
            self._until = None
            step = next(self._steps, None)
            if step is None:
                return
            if callable(step):
                self._until = step
            else:
                self._keyboard.send_text(step)

    def _ask(self, kind: str, word: bytes, directory: bytes) -> list[Name]:
        self.answers.wait()
        known = ["make", "man", "unzip"] if kind == "command" else ["Makefile", "map one", "map two", "my file"]
        return [Name(name) for name in known if name.startswith(os.fsdecode(word))]


def line_is(text: str) -> Until:
    """Wait until the line reads so."""
    return lambda buffer: buffer.text == text


def menu_is_open(buffer: Buffer) -> bool:
    return buffer.complete_state is not None and len(buffer.complete_state.completions) > 1


def menu_is_closed(buffer: Buffer) -> bool:
    return buffer.complete_state is None


def history_is_there(buffer: Buffer) -> bool:
    return len(buffer._working_lines) > 1


def ghost(text: str) -> Until:
    """Wait for ghost text."""
    return lambda buffer: buffer.suggestion is not None and buffer.suggestion.text == text


def shown(desk: Desk, text: str) -> Until:
    """Wait until the screen has shown a text."""
    return lambda _: text in desk.shown.getvalue()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with create_pipe_input() as keyboard:
        desk = Desk(keyboard, tmp_path)
        yield desk
        desk.memory.close()


def test_keys_behind_tab_find_the_line_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completing, "HOLD", 30.0)
    master, terminal = pty.openpty()
    tty.setraw(terminal)
    typed = b"cat so\tfi\t| tr\r", b"cat sax\t\x7f\x7f\tfi\t\r"  # of the second nothing is found at first
    memory = Memory(lambda kind, word, _: _below(kind, os.fsdecode(word)), budget=30.0)
    names = ClientNames(memory, lambda: b"")
    with open(terminal) as keyboard:
        screen = Screen(
            History(str(tmp_path / "h")),
            names,
            Settings(),
            color=False,
            input=LineInput(keyboard),
            output=DummyOutput(),
        )
        for keys, line in zip(typed, ("cat some/file | tr", "cat some/file "), strict=True):
            os.write(master, keys)
            assert screen.read(HERE, fresh_line=True) == line
    memory.close()
    os.close(master)


def _below(kind: str, word: str) -> list[Name]:
    known = {"": [Name("some", True)], "some/": [Name("some/file")]} if kind == "path" else {}
    return [name for name in known.get(word, []) if name.text.startswith(word)]


def test_enter_gives_the_line(desk: Desk) -> None:
    assert desk.type("echo hi\r") == "echo hi"


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


def test_typing_goes_on_while_the_other_side_is_silent(desk: Desk) -> None:
    desk.answers.clear()
    assert desk.type("cat map\t", " on", line_is("cat map on"), "\r") == "cat map on"
    desk.answers.set()


def test_silence_is_told(desk: Desk) -> None:
    desk.answers.clear()
    assert desk.type("cat map\t", shown(desk, "(completion: no answer)"), "\r") == "cat map"
    desk.answers.set()


def test_answer_that_comes_late_completes_the_line(desk: Desk) -> None:
    desk.answers.clear()
    silent = shown(desk, "(completion: no answer)")

    def answer(buffer: Buffer) -> bool:
        if told := silent(buffer):
            desk.answers.set()
        return told

    assert desk.type("cat my\t", answer, line_is("cat my\\ file "), "\r") == "cat my\\ file "


def test_ctrl_c_gives_up_a_completion_and_not_the_line(desk: Desk) -> None:
    desk.answers.clear()
    silent = shown(desk, "(completion: no answer)")
    assert desk.type("cat my\t", silent, "\x03", " x", line_is("cat my x"), "\r") == "cat my x"
    desk.answers.set()


def test_what_is_typed_behind_the_line_is_not_the_next_one_unless_nobody_wants_it(desk: Desk) -> None:
    typed = b"secret\rha\xffl \x1b[200~a\rb\x1b[201~"
    desk.type_ahead(b"echo one\r" + typed)
    assert desk.type() == "echo one"
    assert desk.take_ahead() == typed
    assert desk.take_ahead() == b""
    desk.type_ahead(typed)
    assert desk.type() == "secret"
    assert desk.type(line_is("ha\udcffl a\nb"), "\r") == "ha\udcffl a\nb"


def test_enter_goes_on_while_the_line_is_unfinished(desk: Desk) -> None:
    assert desk.type("for i in 1; do\recho 'a\rb'\rdone\r") == "for i in 1; do\necho 'a\nb'\ndone"
    assert "… " in desk.shown.getvalue()


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


def keep(desk: Desk, *lines: str) -> None:
    for line in lines:
        desk.history.begin(line, b"")


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


def test_escape_sequence_that_nobody_knows_does_no_harm(desk: Desk) -> None:
    assert desk.type("a\x1b[31mb\x1b[<1mc\r") == "abc"


def test_search_finds_and_runs(desk: Desk) -> None:
    keep(desk, "echo needle", "ls")
    assert desk.type(history_is_there, "\x12need", shown(desk, "echo "), "\r") == "echo needle"


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
    with create_pipe_input() as keyboard:
        desk = Desk(keyboard, tmp_path, color=True)
        desk.type("\r")
    assert "\x1b[0;31;1m 2" in desk.shown.getvalue()


def test_output_without_a_newline_gets_a_mark_and_a_line_of_its_own(desk: Desk) -> None:
    desk.type("a\r")
    assert "%" not in desk.shown.getvalue()
    with create_pipe_input():
        desk._screen._paper.begin_line()
    assert "\x1b[7m%\x1b[0m" + " " * 79 + "\r" in desk.shown.getvalue()


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


def test_last_word_of_the_line_before_comes_back(desk: Desk) -> None:
    keep(desk, "cat /etc/hosts")
    assert desk.type(history_is_there, "less \x1b.\r") == "less /etc/hosts"


def test_history_of_all_hosts_is_searched(desk: Desk, tmp_path: Path) -> None:
    History(str(tmp_path / "other@host.jsonl")).begin("echo elsewhere", b"")
    assert desk.type("\x1br", history_is_there, "elsew", shown(desk, "echo "), "\r") == "echo elsewhere"


def test_lines_of_another_prompt_are_found(desk: Desk, tmp_path: Path) -> None:
    assert desk.type("mine\r") == "mine"
    History(str(tmp_path / "h")).begin("theirs", b"")
    assert desk.type(history_is_there, UP, line_is("theirs"), UP, line_is("mine"), "\r") == "mine"


def test_settings_are_in_force_at_once(desk: Desk) -> None:
    desk.settings.set("keys", "vi")
    assert desk.type("ab\x1b", lambda _: True, "0xi\r") == "b"
    desk.settings.set("prompt", "new> %h")
    desk.type(shown(desk, "new> "), "\r")
