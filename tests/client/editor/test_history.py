"""The history file (R23)."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

from rsh.client.editor.history import READ_LIMIT, History, file_name, merged


def kept(path: Path, *lines: str) -> History:
    history = History(str(path / "h" / "ann@box.jsonl"))
    for line in lines:
        history.end(history.begin(line, b"/home/ann"), 0, 0.5)
    return history


def test_a_line_comes_back_with_all_about_it(tmp_path: Path) -> None:
    history = kept(tmp_path)
    history.end(history.begin("make\ntest '\udcff é'", b"/src\xff"), 2, 1.23456)
    [item] = history.items()
    assert (item.line, item.directory, item.status, item.duration) == ("make\ntest '\udcff é'", "/src\udcff", 2, 1.235)


def test_a_line_is_there_before_it_has_ended(tmp_path: Path) -> None:
    history = kept(tmp_path)
    history.begin("sleep 100", b"")
    [item] = history.items()
    assert item.line == "sleep 100"
    assert item.status is None


def test_a_line_with_a_blank_in_front_is_not_kept(tmp_path: Path) -> None:
    history = kept(tmp_path, " secret", "\tsecret", "", "  ")
    assert history.items() == []
    assert not (tmp_path / "h").exists()


def test_lines_are_given_once_where_they_were_last(tmp_path: Path) -> None:
    assert kept(tmp_path, "a", "b", "a", "c").lines() == ["b", "a", "c"]


def test_the_file_is_private(tmp_path: Path) -> None:
    kept(tmp_path, "a")
    assert stat.S_IMODE((tmp_path / "h" / "ann@box.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "h").stat().st_mode) == 0o700


def test_two_prompts_write_to_one_file(tmp_path: Path) -> None:
    threads = [threading.Thread(target=kept, args=(tmp_path, *(f"{name}{n}" for n in range(50)))) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    items = kept(tmp_path).items()
    assert sorted(item.line for item in items) == sorted(f"{name}{n}" for name in "ab" for n in range(50))
    assert {item.status for item in items} == {0}


def test_what_cannot_be_read_is_passed_over() -> None:
    lines = [
        b'{"when": 2, "line": "b"}',
        b"garbage",
        b'{"when": "x"}',
        b"[1]",
        b"\xff",
        b'{"when": 1, "line": "a"}',
        b'{"when": 9}',
        b'{"when": -1, "line": "c"}',
        b'{"when": 99999999999999999999999999, "line": "d"}',
        b'{"when": 9300000000000000000, "line": "e"}',
        b'{"when": 5, "line": "' + b"[" * 100_000,
        b"[" * 100_000,
    ]
    assert [item.line for item in merged(lines)] == ["a", "b"]


def test_line_that_was_cut_swallows_no_other(tmp_path: Path) -> None:
    kept(tmp_path, "before")
    with (tmp_path / "h" / "ann@box.jsonl").open("ab") as file:
        file.write(b'{"when": 1, "li')
    assert [item.line for item in kept(tmp_path, "behind").items()] == ["before", "behind"]


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    history = kept(tmp_path, "first")
    with open(tmp_path / "h" / "ann@box.jsonl", "ab") as file:
        file.write(b'{"when": 1, "line": "%s"}\n' % (b"x" * 1000) * (READ_LIMIT // 1000))
    kept(tmp_path, "last")
    assert history.lines()[-1] == "last"
    assert "first" not in history.lines()


def test_a_history_that_cannot_be_kept_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History(str(tmp_path / "file" / "h.jsonl"))
    history.end(history.begin("a", b""), 0, 0)
    assert history.lines() == []


def test_file_name_is_one_component() -> None:
    assert file_name("ann", "unix:/run/../x%") == "ann@unix:%2Frun%2F..%2Fx%25.jsonl"
    assert os.path.basename(file_name("ann", "[::1]:8000")) == "ann@[::1]:8000.jsonl"
