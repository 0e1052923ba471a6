"""Listings are held against the ls(1) of this machine."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.client.text.colors import NameColors
from rsh.client.text.listing import Order, Style, collation, listing_lines, total_line
from rsh.files.disk.listing import entries
from rsh.protocol.answer_records import Entry

C_LOCALE = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TERM": "xterm"}
ODD = [b"plain", b"with space", b"quo'te", b"new\nline", b"tab\there", b"-dash", b"\xff\xfe", "日本語".encode(), b"$x"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make one of each kind, with sizes and times that differ."""
    (tmp_path / "dir").mkdir()
    (tmp_path / "program").write_bytes(b"#!/bin/sh\n" * 300)
    (tmp_path / "program").chmod(0o755)
    (tmp_path / "notes.txt").write_bytes(b"x" * 5000)
    (tmp_path / ".hidden").write_bytes(b"h")
    (tmp_path / "link").symlink_to("notes.txt")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "fifo")
    for age, name in enumerate(sorted(os.listdir(tmp_path))):
        os.utime(tmp_path / name, (time.time() - age * 86400 * 60,) * 2, follow_symlinks=False)
    return tmp_path


def listed(path: Path) -> list[Entry]:
    return [record for record in entries([os.fsencode(path)]) if isinstance(record, Entry)]


def real_ls(path: Path, *options: str) -> list[str]:
    command = ["ls", *options, str(path)]
    return os.fsdecode(subprocess.check_output(command, env=C_LOCALE)).splitlines()


def lines(path: Path, style: Style, **order: bool) -> list[str]:
    wanted = Order(**order, collate=os.fsencode)
    return listing_lines(wanted.sorted(entry for entry in listed(path) if wanted.shows(entry)), style)


def test_long_lines_are_those_of_ls(tree: Path) -> None:
    style = Style(terminal=False, long=True, now=time.time())
    entries = listed(tree)
    assert [total_line([e for e in entries if Order().shows(e)], style), *lines(tree, style)] == real_ls(tree, "-l")


def test_human_sizes_and_totals_are_those_of_ls(tree: Path) -> None:
    style = Style(terminal=False, long=True, human=1024, now=time.time())
    assert [total_line(listed(tree), style), *lines(tree, style, almost_all=True)] == real_ls(tree, "-lhA")


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ("-1", {}),
        ("-1A", {"almost_all": True}),
        ("-1t", {"by_time": True}),
        ("-1tr", {"by_time": True, "reverse": True}),
        ("-1S", {"by_size": True}),
        ("-1r", {"reverse": True}),
    ],
)
def test_order_is_that_of_ls(tree: Path, options: str, order: dict[str, bool]) -> None:
    assert lines(tree, Style(terminal=False), **order) == real_ls(tree, options)


def test_kinds_are_marked_as_ls_marks_them(tree: Path) -> None:
    assert lines(tree, Style(terminal=False, classify=True)) == real_ls(tree, "-F")


def test_colours_are_those_of_ls(tree: Path) -> None:
    style = Style(terminal=False, colors=NameColors())
    ours = lines(tree, style)
    theirs = [line.replace("\x1b[0m\x1b[", "\x1b[", 1) for line in real_ls(tree, "--color=always")]
    # ls tells dangling links, which needs a look at what they point to.
    assert [line for line in ours if "dangling" not in line] == [line for line in theirs if "dangling" not in line]


def test_raw_names_go_into_a_pipe_byte_by_byte(tmp_path: Path) -> None:
    for name in ODD:
        (tmp_path / os.fsdecode(name)).touch()
    raw = b"\n".join(os.fsencode(line) for line in lines(tmp_path, Style(terminal=False)))
    assert raw == b"\n".join(sorted(ODD))


def test_names_on_a_terminal_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    for name in ODD:
        (tmp_path / os.fsdecode(name)).touch()
    for line in lines(tmp_path, Style(terminal=True, one=True)):
        assert line.isprintable()
        word = subprocess.check_output(["bash", "-c", f"cd {tmp_path}; ls -d -- {line}"], env=C_LOCALE)
        assert word.removesuffix(b"\n") in ODD


def test_no_escape_byte_of_a_name_reaches_the_terminal() -> None:
    hostile = Entry(
        b"d", b"\x1b[2J\xc2\x9b31m\xe2\x80\xae", 0o120777, 1, 0, "\x1b]0;own", "g", 0, 0, 1, 1, 0, b"\x1b[H"
    )
    text = "".join(listing_lines([hostile], Style(terminal=True, long=True)))
    assert text.isprintable()


def test_names_stand_in_columns_on_a_terminal(tree: Path) -> None:
    assert lines(tree, Style(terminal=True, width=40)) == real_ls(tree, "-C", "-w40", "-T0")


def test_quoted_names_align_with_plain_ones(tmp_path: Path) -> None:
    (tmp_path / "a b").touch()
    (tmp_path / "c").touch()
    assert lines(tmp_path, Style(terminal=True, one=True)) == ["'a b'", " c"]


@pytest.fixture
def default_locale(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    import locale

    before = locale.setlocale(locale.LC_COLLATE)
    yield monkeypatch
    locale.setlocale(locale.LC_COLLATE, before)


@pytest.mark.parametrize("name", ["C", "C.UTF-8", "nonsense"])
def test_names_sort_by_bytes_where_the_language_has_no_order(default_locale: pytest.MonkeyPatch, name: str) -> None:
    default_locale.setenv("LC_ALL", name)
    key = collation()
    assert sorted(["b", "a", "B", "\udcff"], key=key) == ["B", "a", "b", "\udcff"]


def test_names_that_differ_in_how_accents_are_written_can_be_told_apart(tmp_path: Path) -> None:
    for name in ("e\u0301", "\u00e9", "u\u0308"):
        (tmp_path / name).touch()
    assert lines(tmp_path, Style(terminal=True, one=True)) == ["$'e\\314\\201'", " \u00fc", "$'\\303\\251'"]
    assert lines(tmp_path, Style(terminal=False)) == ["e\u0301", "u\u0308", "\u00e9"]
