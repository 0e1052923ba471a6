"""The real client under pexpect, with what its screen shows kept by a terminal emulator (pyte)."""

from __future__ import annotations

import io
import os
import re
import select
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import pexpect
import pyte

from rsh.client.terminal.modes import Modes
from tests.machines import SOON, Home, program
from tests.terminals import end_of, hang_up

SIGN = "# " if os.geteuid() == 0 else "$ "  # what a prompt ends with

LOOK = 0.1  # seconds between two looks at a terminal that says nothing


class Screen(pyte.Screen):
    """pyte's screen, which neither counts rows nor knows the private SGR (CSI > m) that vim sends to xterm.

    Attributes:
        gone: how many rows have left it at its top.
    """

    gone = 0

    def index(self) -> None:
        """Go to the next row, which is a new one below the last."""
        self.gone += self.cursor.y == self.lines - 1
        super().index()

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        """Set how the next characters look."""
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """A client on a terminal of its own.

    Attributes:
        child: the client. screen: what is to be seen. sent: every byte it has sent to the screen.
        left_modes: of its terminal, after its end.
    """

    def __init__(
        self,
        home: Home,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        variables: Mapping[str, str] = {},
        command: Sequence[str] = (),
    ) -> None:
        """Start the client with some arguments; or another command, without a client in between."""
        command = [*(command or (*program("rsh"), *arguments))]
        self.sent = io.BytesIO()
        self.left_modes: list[Any] = []
        self.screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.child: pexpect.spawn[bytes] = pexpect.spawn(
            command[0],
            command[1:],
            env=home.environment | dict(variables),
            dimensions=(rows, columns),
            timeout=SOON,
        )
        self.child.delaybeforesend = None
        self.child.logfile_read = self

    def write(self, data: bytes) -> None:
        """Take what the client has sent; pexpect calls this."""
        self.sent.write(data)
        self._stream.feed(data)

    def flush(self) -> None:
        """Nothing is held back; pexpect calls this."""

    def press(self, *keys: str) -> None:
        """Type keys."""
        for each in keys:
            self.child.send(each)

    def until(self, condition: Callable[[], bool]) -> None:
        """Read what comes until the screen is as wanted, or the terminal: its modes change without a word."""
        deadline = time.monotonic() + SOON
        while not condition():
            try:
                self.child.read_nonblocking(65536, LOOK)
            except (pexpect.TIMEOUT, pexpect.EOF) as error:
                if isinstance(error, pexpect.EOF) or time.monotonic() > deadline:
                    raise AssertionError(f"{type(error).__name__} with this on the screen:\n{self.text}") from error

    def until_line(self, ending: str) -> None:
        """Read until the cursor's line, up to the cursor, ends so."""
        self.until(lambda: self.cursor_line.endswith(ending))

    def until_shown(self, text: str, first: int = 0) -> None:
        """Read until a text is to be seen, in a certain row or below it."""
        self.until(lambda: text in "\n".join(self.lines_from(first)))

    @property
    def cursor_line(self) -> str:
        """The line of the cursor, up to it."""
        cursor = self.screen.cursor
        display: str = self.screen.display[cursor.y]
        return display[: cursor.x]

    @property
    def row(self) -> int:
        """The row of the cursor, counted from the very first."""
        gone: int = self.screen.gone
        y: int = self.screen.cursor.y
        return gone + y

    def lines_from(self, row: int) -> list[str]:
        """Give what is to be seen in a row and below it."""
        return self.lines[max(row - self.screen.gone, 0) :]

    def below(self, line: str, first: int) -> list[str] | None:
        """Give what stands between the cursor's row and a line above it, typed at a prompt in a certain row or below.

        None while there is no such line: the prompt in which it is may be about to be drawn, or to be drawn again.
        """
        rows = self.screen.display[max(first - self.screen.gone, 0) : self.screen.cursor.y]
        begun = "".join(rows).find(f" {line}")  # It may go on in the next row.
        if begun < 0:
            return None
        last = (begun + len(line)) // self.screen.columns
        return [row.rstrip() for row in rows[last + 1 :]]

    @property
    def lines(self) -> list[str]:
        """What is to be seen, without the empty lines below it."""
        return self.text.split("\n")

    @property
    def text(self) -> str:
        """What is to be seen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    @property
    def left_on(self) -> bytes:
        """What would put back all that has been switched on by now; b"" when nothing is to be put back."""
        modes = Modes(self.screen.lines)
        modes.feed(self.sent.getvalue())
        return modes.undo()

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def end(self) -> int:
        """Wait for the client's end; give its exit status."""
        self.child.expect(pexpect.EOF)
        self.left_modes = modes(self)
        return end_of(self.child)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        hang_up(self.child)


def until_same(first: Terminal, second: Terminal, shown: str = "") -> None:
    """Read from both until both show the same, a text among it, with the cursors in the same place."""
    while not (shown in first.text and _picture(first) == _picture(second)):
        ready, _, _ = select.select([first.child.child_fd, second.child.child_fd], [], [], SOON)
        assert ready, f"not the same:\n{first.text}\n{'-' * 20}\n{second.text}"
        for terminal in (first, second):
            if terminal.child.child_fd in ready:
                terminal.child.read_nonblocking(65536, 0)


def _picture(terminal: Terminal) -> tuple[str, int, int]:
    return terminal.text, terminal.screen.cursor.x, terminal.screen.cursor.y


def modes(terminal: Terminal) -> list[Any]:
    """Give the modes of the client's terminal."""
    import termios

    return termios.tcgetattr(terminal.child.child_fd)


def run(prompt: Terminal, line: str, ending: str | re.Pattern[str] = f"/w{SIGN}") -> list[str]:
    """Type a line; give what stands between it and the next prompt."""
    first = prompt.row
    prompt.press(line + "\r")
    return until_ran(prompt, line, first, ending)


def until_ran(prompt: Terminal, line: str, first: int, ending: str | re.Pattern[str]) -> list[str]:
    """Read until a prompt is there below a line that was typed when the cursor was in a certain row; as run."""
    ended = re.compile(re.escape(ending) + r"\Z") if isinstance(ending, str) else ending
    prompt.until(lambda: bool(ended.search(prompt.cursor_line)) and prompt.below(line, first) is not None)
    return prompt.below(line, first) or []
