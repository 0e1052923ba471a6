"""A prompt whose keyboard is a terminal of ours, and whose screen is text."""

from __future__ import annotations

import io
import os
import pty
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.vt100 import Vt100_Output

from rsh.client.cli.settings import Settings
from rsh.client.editor.history import History
from rsh.client.editor.line_input import LineInput
from rsh.client.editor.name import Name
from rsh.client.editor.names import BUDGET, Ask, ClientNames, Memory
from rsh.client.editor.screen import Screen
from rsh.client.text.prompt_text import Place
from tests.machines import SOON
from tests.terminals import press

Until: TypeAlias = Callable[[Buffer], bool]
Step: TypeAlias = str | Until

HERE = Place("ann", "box", b"/src", b"/home/ann", 2)
UP, RIGHT = "\x1b[A", "\x1b[C"


class Desk:
    """A screen, its keyboard, and the other side.

    Attributes:
        shown: all that was written to the screen.
        history: what was typed before.
        answers: while cleared, the other side does not answer.
        memory: what it has answered.
    """

    def __init__(
        self,
        folder: Path,
        *,
        color: bool = False,
        marked: bool = False,
        ask: Ask | None = None,
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        """Prepare; nothing is shown yet.

        Args:
            marked: the terminal takes marks.
            ask: the other side, if it is another one than this.
        """
        self.shown = io.StringIO()
        self.history = History(str(folder / "h"))
        self.settings = Settings()
        self.answers = threading.Event()
        self.answers.set()
        self._keyboard, terminal = pty.openpty()
        tty.setraw(terminal)
        self._terminal = os.fdopen(terminal, encoding="utf-8")
        output = Vt100_Output(self.shown, lambda: Size(rows=rows, columns=columns), term="xterm", enable_cpr=False)
        self.memory = Memory(ask or self._ask, budget=SOON if ask else BUDGET)
        names = ClientNames(self.memory, lambda: b"")
        keys = LineInput(self._terminal)
        self.screen = Screen(self.history, names, self.settings, color=color, marked=marked, input=keys, output=output)
        self.memory.told = self.screen.answered
        self._steps: Iterator[Step] = iter(())
        self._until: Until | None = None
        self.screen.session.app.after_render += lambda _: self._go_on()

    def type(self, *steps: Step) -> str:
        """Type keys, and where a condition stands among them, wait until it holds; give the line that comes out."""
        self._steps, self._until = iter(steps), None
        return self.screen.read(HERE, fresh_line=True)

    def press(self, keys: bytes) -> None:
        """Type keys, whether there is a prompt or not."""
        press(self._keyboard, self._terminal.fileno(), keys)

    def close(self) -> None:
        """Have the terminal go away, and the other side."""
        self.memory.close()
        self._terminal.close()
        os.close(self._keyboard)

    def _go_on(self) -> None:
        while self._until is None or self._until(self.screen.session.default_buffer):
            self._until = None
            step = next(self._steps, None)
            if step is None:
                return
            if callable(step):
                self._until = step
            else:
                self.press(step.encode())

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


def keep(desk: Desk, *lines: str) -> None:
    """Have typed lines before."""
    for line in lines:
        desk.history.begin(line, b"")
