"""The few words behind the line."""

from __future__ import annotations

import asyncio

from prompt_toolkit.buffer import Buffer

from tests.client.editor.desk import Desk, line_is, shown


class Words:
    """Has a few words said, once the prompt has been drawn, and sees whether they are there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.seen: list[bool] = []

    def say(self, buffer: Buffer) -> bool:
        asyncio.get_running_loop().call_soon(self._desk.screen.hint, "a few words")
        return True

    def look(self, buffer: Buffer) -> bool:
        self.seen.append("a few words" in self._desk.shown.getvalue())
        self._desk.shown.truncate(self._desk.shown.seek(0))
        return True


def test_words_stand_behind_the_line_until_it_changes(desk: Desk) -> None:
    words = Words(desk)
    desk.type("ab", line_is("ab"), words.say, shown(desk, "(a few words)"), words.look, "c", line_is("abc"), "\r")
    words.look(Buffer())
    assert words.seen == [True, False]


def test_words_of_one_line_are_not_said_of_the_next(desk: Desk) -> None:
    words = Words(desk)
    desk.type("ab", line_is("ab"), words.say, shown(desk, "(a few words)"), "\r")
    words.look(Buffer())
    desk.type("\r")
    words.look(Buffer())
    assert words.seen == [True, False]
