from __future__ import annotations

import io

import pytest
from rich.console import Console

from rsh.client.text.columns import text_width
from rsh.client.transfer.bars import TransferBars, clock
from rsh.client.transfer.tally import State
from rsh.protocol.answer_records import Total

STATE = State(b"dir/name", 2048, 1024, 5000, 7, Total(10, 10_000, True), 1000.0, 65.0, 3.0)


def drawn(state: State, width: int) -> list[str]:
    bars = TransferBars(color=False)
    bars.close()
    screen = io.StringIO()
    console = Console(file=screen, width=width, color_system=None, legacy_windows=False)
    console.print(bars._lines(state, width))
    return screen.getvalue().splitlines()


def test_a_file_and_the_total_have_a_line_each() -> None:
    file, total = drawn(STATE, 100)
    assert file.split()[0] == "dir/name"
    assert "50%" in file
    assert "1.0 KiB of 2.0 KiB" in file
    assert total.split()[0] == "total"
    assert "1:05" in total
    assert "1000 B/s" in total
    assert "7/10 files" in total


def test_retries_and_other_units_are_told() -> None:
    assert "7/10 files  2 retries" in drawn(STATE._replace(retries=2), 100)[1]
    bars = TransferBars(color=False, base=1000)
    bars.close()
    assert str(bars._file_figures(STATE)[1]) == "1.1 kB of 2.1 kB"


def test_a_narrow_window_shows_how_much_is_done_and_how_long_the_rest_takes() -> None:
    file, total = drawn(STATE._replace(path=b"directory/name-of-a-file"), 20)
    assert (file.split()[0], file.split()[1][-4:]) == ("50%", "file")
    assert total.split() == ["69%", "1:05", "left"]


def test_nothing_is_foretold_while_it_is_counted() -> None:
    (line,) = drawn(STATE._replace(path=b"", total=None, seconds_left=None, scanning=True), 100)
    assert "scanning" in line
    assert "%" not in line


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 200])
@pytest.mark.parametrize("name", ["日本語" * 60, "x" * 300, "a\u0301" * 100])
def test_lines_fit_whatever_the_name_and_the_width(width: int, name: str) -> None:
    lines = drawn(STATE._replace(path=name.encode()), width)
    assert len(lines) == 2
    assert all(text_width(line) <= width for line in lines)


def test_a_name_cannot_speak_to_the_terminal() -> None:
    lines = drawn(STATE._replace(path=b"a\x1b[2Jb\n[bold]c"), 200)
    assert r"a\x1b[2Jb\x0a[bold]c" in lines[0]


def test_a_clock_shows_what_is_left() -> None:
    assert [clock(each) for each in (None, 0.2, 59.6, 3661, 1e12)] == ["-:--", "0:00", "1:00", "1:01:01", "99:59:59"]
