"""The line while it is being completed, with another side that may be slow (R18, R22)."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from prompt_toolkit.buffer import Buffer

from rsh.client.editor import completing
from rsh.client.editor.name import Name
from tests.client.editor.desk import Desk, line_is, shown
from tests.machines import SOON


@pytest.mark.parametrize("ahead", [False, True])
def test_keys_behind_tab_find_the_line_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: bool) -> None:
    monkeypatch.setattr(completing, "HOLD", SOON)
    desk = Desk(tmp_path, ask=lambda kind, word, _: _below(kind, os.fsdecode(word)))
    press = desk.screen.type_ahead if ahead else desk.press
    for keys, line in (
        (b"cat so\tfi\t| tr\r", "cat some/file | tr"),
        (b"cat sax\t\x7f\x7f\tfi\t\r", "cat some/file "),  # nothing is found at first
        (b"cat od\t\r", "cat $'odd\\x07/'"),  # which does not begin as it was typed
        (b"echo \x1b[200~a\tb\x1b[201~ so\t\r", "echo a\tb some/"),
    ):
        press(keys)
        assert desk.type() == line
    desk.close()


def _below(kind: str, word: str) -> list[Name]:
    known = {"": [Name("some", True), Name("odd\a", True)], "some/": [Name("some/file")]} if kind == "path" else {}
    return [name for name in known.get(word, []) if name.text.startswith(word)]


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


def test_next_line_does_not_wait_for_an_answer_that_this_one_has_not_had(desk: Desk) -> None:
    desk.answers.clear()
    waited: list[bool] = []

    def seen(buffer: Buffer) -> bool:
        waited.append(desk.screen._completing.waits)
        return True

    assert desk.type("cat map\t\r") == "cat map"
    assert desk.type(seen, "\r") == ""
    assert waited == [False]
    desk.answers.set()


def test_glyph_that_turned_behind_one_line_is_not_behind_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completing, "HOLD", SOON)
    answers = threading.Event()

    def ask(kind: str, word: bytes, directory: bytes) -> list[Name]:
        answers.wait()
        return [Name("file")] if kind == "path" else []

    def turns(buffer: Buffer) -> bool:
        return bool(desk.screen._completing.glyph)

    def answer(buffer: Buffer) -> bool:
        answers.set()
        return True

    glyphs: list[str] = []

    def look(buffer: Buffer) -> bool:
        glyphs.append(desk.screen._completing.glyph)
        return True

    desk = Desk(tmp_path, ask=ask)
    assert desk.type("cat f\t", turns, "\r", answer) == "cat file "
    assert desk.type(look, "\r") == ""
    assert glyphs == [""]
    desk.close()
