from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rsh.client.shell.keyboard import MAX_WAITING, Keyboard
from rsh.client.terminal.encoding import Transcoder
from rsh.client.terminal.escapes import Action, EscapeReader
from rsh.client.terminal.passthrough import to_descriptor
from rsh.errors import LinkError
from rsh.protocol.frames import Buffer
from rsh.session.deadline import NEVER, Deadline
from tests.machines import SOON


class Program:
    """Takes input once it may."""

    def __init__(self, *, takes: bool = True, gone: bool = False) -> None:
        self.may_take = threading.Event()
        self.taken: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.gone = gone
        if takes:
            self.may_take.set()

    def write(self, data: Buffer) -> None:
        if self.gone:
            raise LinkError("gone")
        assert self.may_take.wait(SOON)
        self.taken.put(bytes(data))

    def wait_for(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self.taken.get(timeout=SOON)
        return data

    def read_stdout(self) -> Buffer:
        return b""

    def read_stderr(self) -> Buffer:
        return b""

    def close_stdin(self) -> None: ...

    def signal(self, name: str) -> None: ...

    def resize(self, columns: int, rows: int) -> None: ...

    def wait(self, deadline: Deadline = NEVER) -> int:
        return 0

    def close(self) -> None: ...


class Typist:
    """Types into a keyboard that a thread reads, and hears what comes of it."""

    def __init__(
        self,
        program: Program,
        character: int | None = ord("~"),
        convert: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.actions: queue.SimpleQueue[Action] = queue.SimpleQueue()
        self.echoed = b""
        self.result: list[bool] = []
        self._keys, self.pressed = os.pipe()
        self._stop, self._stopping = os.pipe()
        keyboard = Keyboard(program, EscapeReader(character), self.actions.put, echo=self._echo, convert=convert)
        self._thread = threading.Thread(target=lambda: self.result.append(keyboard.feed(self._keys, self._stop)))
        self._thread.start()

    def _echo(self, data: bytes) -> None:
        self.echoed += data

    def press(self, keys: bytes) -> None:
        to_descriptor(self.pressed, keys)

    def hang_up(self) -> None:
        os.close(self.pressed)
        self.pressed = -1
        self._thread.join(SOON)

    def stop(self) -> None:
        os.close(self._stopping)
        self._thread.join(SOON)
        assert not self._thread.is_alive()
        for descriptor in (self._keys, self.pressed, self._stop):
            if descriptor >= 0:
                os.close(descriptor)


@contextmanager
def typing(
    program: Program, character: int | None = ord("~"), convert: Callable[[bytes], bytes] | None = None
) -> Iterator[Typist]:
    typist = Typist(program, character, convert)
    yield typist
    typist.stop()


def test_keys_are_sent_in_order() -> None:
    program = Program()
    with typing(program) as typist:
        typist.press(b"x~a\r")
        typist.press(b"~~b")
        assert program.wait_for(6) == b"x~a\r~b"


def test_character_that_comes_in_two_pieces_is_converted_and_keys_go_on() -> None:
    program = Program()
    transcoder = Transcoder("gbk", "utf-8")
    pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def convert(piece: bytes) -> bytes:
        pieces.put(piece)
        return transcoder.to_other_side(piece)

    with typing(program, convert=convert) as typist:
        typist.press("中".encode()[:1])
        pieces.get(timeout=SOON)
        typist.press("中".encode()[1:] + b"a")
        assert program.wait_for(3) == "中a".encode("gbk")


def test_escapes_are_heard_while_the_program_takes_nothing() -> None:
    program = Program(takes=False)
    with typing(program) as typist:
        typist.press(b"lost\r~.")
        assert typist.actions.get(timeout=SOON) is Action.DISCONNECT
        program.may_take.set()
        assert program.wait_for(5) == b"lost\r"


def test_escapes_are_heard_behind_more_than_may_wait() -> None:
    program = Program(takes=False)
    much = b"x" * (MAX_WAITING + 20_000)
    with typing(program) as typist:
        writer = threading.Thread(target=typist.press, args=(much,))
        writer.start()
        writer.join(SOON)
        typist.press(b"\r~.")
        assert typist.actions.get(timeout=SOON) is Action.DISCONNECT
        program.may_take.set()
        assert program.wait_for(len(much) + 1) == much + b"\r"


def test_the_command_line_is_typed_to_us_only() -> None:
    program = Program()
    with typing(program) as typist:
        typist.press(b"~Cstatus\rmore")
        assert typist.actions.get(timeout=SOON) is Action.STATUS
        assert program.wait_for(4) == b"more"
        assert typist.echoed == b"\r\nrsh> status\r\n"


def test_a_program_that_has_gone_does_not_hold_the_keys_up() -> None:
    with typing(Program(gone=True)) as typist:
        typist.press(b"x" * 10_000)
        typist.press(b"\r~s")
        assert typist.actions.get(timeout=SOON) is Action.STATUS


@pytest.mark.parametrize("character", [None, ord("~")])
def test_a_terminal_that_hangs_up_is_told(character: int | None) -> None:
    with typing(Program(), character) as typist:
        typist.hang_up()
        assert typist.result == [False]


def test_being_stopped_is_no_hangup() -> None:
    typist = Typist(Program())
    typist.stop()
    assert typist.result == [True]
