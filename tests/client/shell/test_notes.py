"""What is said behind a line (R10)."""

from __future__ import annotations

import pytest

from rsh.client.cli.settings import Settings
from rsh.client.shell.notes import no_shell, note, ring
from rsh.errors import Code, Refused


@pytest.mark.parametrize(
    ("status", "seconds", "said"),
    [
        (0, 0.1, ""),
        (2, 0.1, "[exit 2]"),
        (139, 0.1, "[SIGSEGV]"),
        (148, 0.1, ""),  # stopped
        (255, 0.1, "[exit 255]"),
        (0, 7.21, "[7.2 s]"),
        (1, 125, "[exit 1, 2 min 5 s]"),
    ],
)
def test_note_tells_a_bad_end_and_a_long_time(status: int, seconds: float, said: str) -> None:
    assert note(status, seconds, Settings()) == said


def test_note_can_be_turned_off() -> None:
    assert note(2, 7, Settings({"status": False, "duration": "off"})) == ""


def test_long_lines_ring_and_short_ones_do_not() -> None:
    assert ring("make", 0, 29, Settings()) == ""
    assert ring("make", 2, 31, Settings()) == "\x1b]9;rsh: make (exit 2, 31.0 s)\x1b\\\a"
    assert ring("make", 0, 31, Settings({"notify_by": "bell"})) == "\a"
    assert "\a" not in ring("make", 0, 31, Settings({"notify_by": "message"}))
    assert ring("make", 0, 1000, Settings({"notify": 0})) == ""


def test_message_holds_nothing_that_a_terminal_obeys() -> None:
    assert ring("a\x1b]0;x\x07" + "b" * 1000, 0, 31, Settings({"notify_by": "message"})).count("\x1b") == 2


def test_connection_that_was_lost_before_there_was_a_shell_is_named() -> None:
    assert no_shell(Refused(Code.FORBIDDEN, "this key may not\x07")) == "rsh: no shell: this key may not\\x07\n"
    assert no_shell(Refused(Code.NO_SESSION, "it has ended")).startswith("rsh: the connection was lost before")
