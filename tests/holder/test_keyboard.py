"""Keys on their way to lines of real shells: none overtakes its line, or is lost or doubled when it makes a signal."""

from __future__ import annotations

import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.holder import unheeded
from rsh.holder.child import Child
from rsh.holder.keyboard import Keyboard
from rsh.holder.terminal import Terminal
from tests.machines import SOON

SHELLS = ("bash", "zsh", "sh")

# Tells how many of a signal it has seen, once a line was typed.
COUNTER = "n=0; trap 'n=$((n + 1))' {}; echo counts; until read x; do :; done; echo seen $n\n"


class Desk:
    """A shell, its terminal and its keyboard, moved as the holder does it.

    Attributes:
        output: what was printed.
    """

    def __init__(self, shell: str) -> None:
        self.terminal = Terminal(80, 24)
        self.child = Child(shutil.which(shell) or "", self.terminal.name)
        self.keyboard = Keyboard(self.terminal, self.child)
        self.output = ""
        self.end()

    def begin(self, line: str) -> None:
        """Give the shell a line."""
        self.output = ""
        self.child.run(line.encode())
        self.keyboard.begin_line(line.encode())

    def move(self) -> bool:
        """Move what goes now; tell whether the line has ended."""
        poll = select.poll()
        poll.register(self.child.report, select.POLLIN)
        poll.register(self.terminal.master, select.POLLIN)
        if self.child.wants_pipe or self.keyboard.is_early:
            poll.register(self.child.pipe, select.POLLOUT)
        ready = dict(poll.poll(2))
        if self.child.pipe in ready and self.child.wants_pipe:
            self.child.feed()
        reports = self.child.reports()
        self.keyboard.pump()
        self.output += self.terminal.read().decode(errors="replace")
        return bool(reports)

    def end(self) -> bytes:
        """Wait for the end of the line; give the keys that came too late for it."""
        until = time.monotonic() + SOON
        while not self.move():
            assert time.monotonic() < until, self.output
        while piece := self.terminal.read():
            self.output += piece.decode(errors="replace")
        return self.keyboard.end_line()

    def until(self, words: str) -> None:
        """Wait until some words were printed."""
        until = time.monotonic() + SOON
        while words not in self.output:
            assert not self.move()
            assert time.monotonic() < until, self.output

    def close(self) -> None:
        """Hang up."""
        self.child.give_up_lines()
        self.child.signal(signal.SIGKILL)
        self.child.wait()
        self.terminal.let_go()
        os.close(self.terminal.master)
        os.close(self.child.report)
        os.close(self.child.ended)


@pytest.fixture(params=SHELLS)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    desk = Desk(str(request.param))
    yield desk
    desk.close()


def test_keys_do_not_overtake_their_line(desk: Desk) -> None:
    os.kill(desk.child.pid, signal.SIGSTOP)  # lest it has read the line before we look
    desk.begin("read x; echo got $x; : " + "y" * 300_000)
    desk.keyboard.press(b"typed\n")
    assert desk.keyboard.waits
    assert desk.keyboard.is_early
    os.kill(desk.child.pid, signal.SIGCONT)
    assert desk.end() == b""
    assert "got typed" in desk.output


@pytest.mark.parametrize("size", [0, 10_000, 300_000])
def test_interrupt_behind_its_line_ends_that(desk: Desk, size: int) -> None:
    desk.begin("sleep 300; : " + "y" * size)
    desk.keyboard.press(b"\x03")
    desk.end()
    desk.begin("echo on")
    desk.end()
    assert desk.output.endswith("on\r\n")


def test_keys_behind_the_end_of_a_line_are_given_back(desk: Desk) -> None:
    desk.begin("true")
    while not desk.child.reports():
        desk.child.feed() if desk.child.wants_pipe else time.sleep(0.001)
    desk.keyboard.press(b"late")
    assert desk.keyboard.end_line() == b"late"
    assert not desk.keyboard.waits


def work_until(gate: Path) -> str:
    """Give the line of a shell that works by itself until there is a file."""
    return f"echo on; while [ ! -e {gate} ]; do :; done; sh count"


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGTSTP])
def test_signal_that_the_shell_at_work_ignores_is_for_its_next_program_once(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(unheeded, "LIMIT", SOON)  # that program may come late on a busy machine
    (tmp_path / "count").write_text(COUNTER.format(number.name.removeprefix("SIG")))
    desk.begin(work_until(tmp_path / "gate"))
    desk.until("on")
    desk.keyboard.press(b"\x1c" if number == signal.SIGQUIT else b"\x1a")
    until = time.monotonic() + SOON
    while desk.keyboard.waits:
        assert not desk.move()
        assert time.monotonic() < until
    (tmp_path / "gate").touch()
    desk.until("counts")
    while desk.keyboard.looks:
        assert not desk.move()
        assert time.monotonic() < until
    desk.keyboard.press(b"\n")
    desk.end()
    assert "seen 1" in desk.output


def test_interrupt_that_a_trap_of_the_shell_has_heeded_is_for_nobody_else(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "count").write_text(COUNTER.format("INT"))
    (tmp_path / "setting").write_text("trap 'echo trapped' INT")
    desk.begin(". ./setting")
    desk.end()
    desk.begin(work_until(tmp_path / "gate"))
    desk.until("on")
    desk.keyboard.press(b"\x03")
    desk.until("trapped")
    (tmp_path / "gate").touch()
    desk.until("counts")
    assert not desk.keyboard.looks
    desk.keyboard.press(b"\n")
    desk.end()
    assert "seen 0" in desk.output
