from __future__ import annotations

import random

import pytest

from rsh.client.terminal.modes import Modes


def undone(*pieces: bytes, rows: int = 24, looks: bool = True) -> bytes:
    modes = Modes(rows)
    for piece in pieces:
        modes.feed(piece)
    return modes.undo(looks=looks)


@pytest.mark.parametrize(
    ("switched", "back"),
    [
        (b"\x1b[?1049h\x1b[?25l\x1b[?1000;1006h", b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1006l"),
        (b"\x1b[?47h", b"\x1b[?47l"),
        (b"\x1b[?1h\x1b=", b"\x1b>\x1b[?1l"),
        (b"\x1b[?2004h\x1b[?1004h", b"\x1b[?1004l\x1b[?2004l"),
        (b"\x1b[?2026h\x1b[1m", b"\x1b[?2026l\x1b[m"),
        (b"\x1b[?7l\x1b[4h", b"\x1b[4l\x1b[?7h"),
        (b"\x1b[2;20h\x1b[12l", b"\x1b[12h\x1b[2l\x1b[20l"),  # a keyboard that is locked, and a second echo
        (b"\x1b[31m\x1b[?2l", b"\x1b<\x1b[m"),  # a VT52 knows none of our sequences
        (b"\x1b[31m\x1b[5i", b"\x1b[4i\x1b[m"),  # what comes is printed, and not shown
        (b"\x1b[1;31m", b"\x1b[m"),
        (b"\x1b[38;5;0m", b"\x1b[m"),
        (b"\x1b(0", b"\x1b(B"),
        (b"\x1b[31m\x1b[?1049h", b"\x1b[?1049l\x1b[m"),
        (b"\x1b[31m\x1b[?1049h\x1b[m", b"\x1b[?1049l\x1b[m"),
        (b"\x1b(0\x1b[31m\x1b[?1049h\x1b[m\x1b(B\x1b[?1049l", b"\x1b[m\x1b(B"),
        (b"\x1b[31m\x1b7\x1b[m\x1b8", b"\x1b[m"),
        (b"\x1b[31m\x1b[?1048h\x1b[m\x1b[?1048l", b"\x1b[m"),
        (b"\x1b)0\x0e", b"\x0f\x1b)B"),
        (b"\x1b%@", b"\x1b%G"),
        (b"\x1b[5;20r", b"\x1b7\x1b[r\x1b8"),
        (b"\x1b[?6h", b"\x1b[?6l\x1b[r\x1b[9999;1H"),
        (b"\x1b[>1u\x1b[>3u", b"\x1b[<2u"),
        (b"\x1b[=5;1u", b"\x1b[=0u"),
        (b"\x1b[>1u\x1b[?1049h\x1b[>3u", b"\x1b[<1u\x1b[?1049l\x1b[<1u"),
        (b"\x1b[>4;2m\x1b[>4;1f", b"\x1b[>4m\x1b[>4f"),
        (b"\x1b[5 q", b"\x1b[0 q"),
        (b"\x1b]11;#000\x07\x1b]4;1;red\x07", b"\x1b]111\x1b\\\x1b]104\x1b\\"),
        (b"\x1b]8;;http://x\x1b\\link", b"\x1b]8;;\x1b\\"),
        (b"\x1b[22;0;0t", b"\x1b[23;0t"),
        (b"\x1b]9;4;1;50\x1b\\", b"\x1b]9;4;0\x1b\\"),
    ],
)
def test_what_was_switched_on_is_put_back_and_no_more(switched: bytes, back: bytes) -> None:
    assert undone(switched) == back
    assert undone(*(bytes([byte]) for byte in switched)) == back


@pytest.mark.parametrize(
    "stream",
    [
        b"plain text\r\n\x07",
        b"\x1b[?1049h\x1b[?1000h\x1b[?1000l\x1b[?1049l",
        b"\x1b[?1049l\x1b[?25h\x1b[?2004l",  # what was never on
        b"\x1b[?25l\x1b[?12l\x1b[?25h",
        b"\x1b[1;31mred\x1b[0m \x1b[4mline\x1b[m \x1b[31;0m",
        b"\x1b[1mhead\x1b(B\x1b[m\x1b[39;49m\x1b[K\n\x1b[m\x1b[25;1H\x1b[2K",  # ncurses in xterm-256color
        b"\x1b(0lqk\x1b(B \x0e\x0f",
        b"\x1b7\x1b[31m\x1b(0\x1b[?6h\x1b8",
        b"\x1b[3;10r\x1b[r",
        b"\x1b[?2l\x1b<\x1b[2h\x1b[2l\x1b[12l\x1b[12h\x1b[5i\x1b[4i",
        b"\x1b[1;24r",  # all rows there are
        b"\x1b[>1u\x1b[<u\x1b[=1u\x1b[=1;3u",
        b"\x1b[>4;2m\x1b[>4;m\x1b[>4;2m\x1b[>4n",
        b"\x1b[2 q\x1b[0 q",
        b"\x1b]11;?\x07\x1b]2;a title\x07",  # a question, and what cannot be put back
        b"\x1b]10;red\x07\x1b]110\x07\x1b]4;1;red\x07\x1b]104\x07",
        b"\x1b]8;;http://x\x07link\x1b]8;;\x07",
        b"\x1b[22t\x1b[23t",
        b"\x1b[?1049h\x1b[?25l\x1b[>1u\x1b[4h\x1bc",  # RIS
        b"\x1b[?25l\x1b[?7l\x1b[1m\x1b[4h\x1b[2;3r\x1b[!p",  # DECSTR
        b"\x1b[?2004h\x1b[?2004s\x1b[?2004l\x1b[?2004r\x1b[?2004l",
        b"\x1b[?99999999999h\x1b[999h\x1b[?;;;h\x1b[?1007h",
        bytes(range(0x20, 0x100)) * 10,
    ],
)
def test_what_is_as_it_was_is_left_alone(stream: bytes) -> None:
    assert undone(stream) == b""


def test_saved_modes_come_back() -> None:
    assert undone(b"\x1b[?1000h\x1b[?1000s\x1b[?1000l\x1b[?1000r") == b"\x1b[?1000l"


def test_putting_back_is_done_once() -> None:
    modes = Modes()
    modes.feed(b"\x1b[?25l")
    assert modes.undo() == b"\x1b[?25h"
    assert modes.undo() == b""


def test_a_sequence_that_was_begun_is_cut_first() -> None:
    assert undone(b"\x1b[?25l\x1b]0;tit") == b"\x18\x1b\\\x1b[?25h"
    assert undone(b"\x1b[?25l\x1b[?104") == b"\x18\x1b[?25h"


def test_a_string_is_ended_unless_its_own_end_has_come() -> None:
    assert undone(b"\x1bPq~~\x18text") == b"\x18\x1b\\"
    assert undone(b"\x1b_Gx\x1b[m") == b"\x18\x1b\\"
    assert undone(b"\x1bPq~~\x1b\\ \x1b]0;tit\x07 \x1b]0;le\x1b\\") == b""


def test_looks_may_stay_till_the_end() -> None:
    modes = Modes()
    modes.feed(b"\x1b[5 q\x1b]11;#000\x07\x1b[?25l\x1b[31m")
    assert modes.undo(looks=False) == b"\x1b[m\x1b[?25h"
    assert modes.undo(looks=False) == b""
    assert modes.undo() == b"\x1b[0 q\x1b]111\x1b\\"


def test_all_is_set_again_after_a_stop() -> None:
    modes = Modes()
    modes.feed(b"\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[>1u\x1b=\x1b[5 q\x1b[2;5r\x1b(0")
    again = modes.redo()
    other = Modes()
    other.feed(again)
    assert other.undo() == modes.undo()


def test_noise_is_put_back_to_nothing() -> None:
    for seed in range(20):
        noise = random.Random(seed).randbytes(100_000)
        modes, again = Modes(), Modes()
        modes.feed(noise)
        for start in range(0, len(noise), 999):
            again.feed(noise[start : start + 999])
        assert (back := modes.undo()) == again.undo()
        assert len(back) < 10_000
