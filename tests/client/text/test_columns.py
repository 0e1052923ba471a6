from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rsh.client.text.columns import align, fill_columns, shorten, text_width


def cells(*names: str) -> list[tuple[str, int]]:
    return [(name, text_width(name)) for name in names]


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("👍", 2), ("שלום", 4), ("", 0), ("ﾊﾝ", 2)]
)
def test_text_takes_the_columns_that_a_screen_gives_it(text: str, width: int) -> None:
    assert text_width(text) == width


def test_cells_are_read_downwards_in_as_many_columns_as_fit() -> None:
    assert fill_columns(cells("a", "bb", "c", "d", "e"), 11) == ["a   c  e", "bb  d"]


def test_wide_names_align() -> None:
    assert fill_columns(cells("日本", "b", "c", "d"), 10) == ["日本  c", "b     d"]


def test_a_name_wider_than_the_screen_has_a_line_of_its_own() -> None:
    assert fill_columns(cells("x" * 30, "y"), 10) == ["x" * 30, "y"]


@pytest.mark.parametrize("width", [0, 1, 2])
def test_a_screen_without_room_gives_one_name_a_line(width: int) -> None:
    assert fill_columns(cells("aa", "bb"), width) == ["aa", "bb"]


def test_nothing_gives_no_line() -> None:
    assert fill_columns([], 80) == []


@pytest.mark.parametrize("width", [20, 40, 79, 80, 81, 132])
def test_columns_are_those_of_ls(width: int, tmp_path: Path) -> None:
    names = sorted(f"{'abcdefghij'[i % 10] * (1 + i * 7 % 23)}{i}" for i in range(60))
    for name in names:
        (tmp_path / name).touch()
    command = ["ls", "-C", "-T0", f"-w{width}", str(tmp_path)]
    expected = subprocess.check_output(command, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    assert fill_columns(cells(*names), width) == expected.splitlines()


def test_a_table_is_flush_right_where_numbers_stand() -> None:
    assert align([["a", "1", "x"], ["bbb", "200", "yy"]], (False, True, False)) == ["a     1 x", "bbb 200 yy"]


@pytest.mark.parametrize("text", ["x" * 200, "日本語" * 40, "a日" * 60])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 10, 79])
def test_a_text_is_cut_in_its_middle_to_what_fits(text: str, width: int) -> None:
    short = shorten(text, width)
    assert text_width(short) <= width
    if width >= 10:
        assert short.startswith(text[:2])
        assert short.endswith(text[-1])


def test_a_short_text_stays() -> None:
    assert shorten("abc", 3) == "abc"
