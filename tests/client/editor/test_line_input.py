"""Keys are read up to one that may end the line; a paste is read whole, whatever stands in it."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Iterator

import pytest
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress

from rsh.client.editor.line_input import LineInput, LineReader, as_typed, whole_pastes
from tests.terminals import press

PASTE = b"\x1b[200~%s\x1b[201~"


class Keys:
    """A terminal, and what reads its keys."""

    def __init__(self) -> None:
        self.master, self.terminal = pty.openpty()
        tty.setraw(self.terminal)
        self.reader = LineReader(self.terminal, encoding="utf-8")

    def press(self, data: bytes) -> None:
        """Type keys."""
        press(self.master, self.terminal, data)

    def close(self) -> None:
        os.close(self.master)
        os.close(self.terminal)


@pytest.fixture
def keys() -> Iterator[Keys]:
    keys = Keys()
    yield keys
    keys.close()


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\x03", b"\x04", b"\x1a", b"\t", b"\x1b\r"])
def test_what_stands_behind_a_key_that_may_end_the_line_is_for_who_reads_next(keys: Keys, end: bytes) -> None:
    keys.press(b"ls \x1b[D" + end + b"secret\r")
    assert keys.reader.read() == (b"ls \x1b[D" + end).decode()
    assert os.read(keys.terminal, 100) == b"secret\r"


def test_paste_is_read_whole_and_no_further(keys: Keys) -> None:
    for text in (b"one\rtwo\r", b"", b"\x1b[201", b"\x1b[20\x1b[201\x1b\x1b[", b"x" * 3000):
        keys.press(PASTE % text + b"\rsecret\r")
        assert keys.reader.read() == (PASTE % text).decode() + "\r"
        assert os.read(keys.terminal, 100) == b"secret\r"


def test_paste_that_comes_in_pieces_is_one(keys: Keys) -> None:
    found = ""
    for byte in PASTE % b"a\rb\x03":
        keys.press(bytes((byte,)))
        found += keys.reader.read()
    assert found == (PASTE % b"a\rb\x03").decode()


def test_character_in_parts_is_one_character(keys: Keys) -> None:
    keys.press("ä".encode()[:1])
    assert keys.reader.read() == ""
    keys.press("ä".encode()[1:])
    assert keys.reader.read() == "ä"
    assert keys.reader.read() == ""
    assert not keys.reader.closed


def test_end_of_a_pipe_is_told() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"ab\rc")
    os.close(writing)
    reader = LineReader(reading, encoding="utf-8")
    assert [reader.read(), reader.read(), reader.read(), reader.closed] == ["ab\r", "c", "", True]
    os.close(reading)


def test_keys_are_the_bytes_that_they_were() -> None:
    typed = b"a\xff\r\x1b[A\x1bb\t\x1b[1;5C" + PASTE % b"one\ntwo" + "ä語\x03".encode()
    keys: list[KeyPress] = []
    Vt100Parser(keys.append).feed(typed.decode("utf-8", "surrogateescape"))
    assert as_typed(keys) == typed


@pytest.mark.parametrize(
    ("left", "whole"),
    [
        (b"a\rb", b"a\rb"),
        (PASTE % b"a\rb", PASTE % b"a\rb"),
        (b"b\rc\x1b[201~d\r", b"\x1b[200~b\rc\x1b[201~d\r"),
        (b"x\r\x1b[200~b\rc\r", b"x\r\x1b[200~b\rc\r\x1b[201~"),
        (b"b\x1b[201~" + PASTE % b"c", b"\x1b[200~b\x1b[201~" + PASTE % b"c"),
    ],
)
def test_what_is_left_of_a_paste_is_one(left: bytes, whole: bytes) -> None:
    assert whole_pastes(left) == whole


def test_what_the_terminal_says_by_itself_is_not_typed_unless_it_is_pasted(keys: Keys) -> None:
    said = b"\x1b[?1;2c\x1bP1$r0m\x1b\\\x1b]11;rgb:0/0/0\x07"
    keys.press(b"ls" + said)
    assert keys.reader.read() == "ls"
    keys.press(PASTE % said)
    assert keys.reader.read() == (PASTE % said).decode()
    keys.reader.ahead += b"\x1b[>84;0;0c -l\r"
    assert keys.reader.read() == " -l\r"


def test_keys_that_are_held_stay_so_when_something_was_printed_meanwhile(keys: Keys) -> None:
    asyncio.run(_print_while_held(keys))


async def _print_while_held(keys: Keys) -> None:
    loop = asyncio.get_running_loop()
    with os.fdopen(os.dup(keys.terminal), encoding="utf-8") as terminal:
        typed = LineInput(terminal)
        with typed.attach(lambda: None):
            typed.hold()
            with typed.detach():
                pass
            assert not loop.remove_reader(terminal.fileno())
            typed.go_on()
            assert loop.remove_reader(terminal.fileno())


def test_keys_are_left_to_whoever_has_the_terminal_though_they_need_not_wait_any_more(keys: Keys) -> None:
    asyncio.run(_go_on_while_detached(keys))


async def _go_on_while_detached(keys: Keys) -> None:
    loop = asyncio.get_running_loop()
    with os.fdopen(os.dup(keys.terminal), encoding="utf-8") as terminal:
        typed = LineInput(terminal)
        with typed.attach(lambda: None):
            for held in (True, False):
                if held:
                    typed.hold()
                with typed.detach():
                    typed.go_on()
                    assert not loop.remove_reader(terminal.fileno())
                assert loop.remove_reader(terminal.fileno())
                loop.add_reader(terminal.fileno(), lambda: None)
