"""The search in the history: what it finds, what ends it, and that it says when it finds nothing."""

from __future__ import annotations

from pathlib import Path

from rsh.client.editor.history import History
from tests.client.editor.desk import RIGHT, Desk, history_is_there, keep, line_is, shown


def test_search_finds_and_runs(desk: Desk) -> None:
    keep(desk, "echo needle", "ls")
    assert desk.type(history_is_there, "\x12need", shown(desk, "echo "), "\r") == "echo needle"


def test_history_of_all_hosts_is_searched(desk: Desk, tmp_path: Path) -> None:
    History(str(tmp_path / "other@host.jsonl")).begin("echo elsewhere", b"")
    assert desk.type("\x1br", history_is_there, "elsew", shown(desk, "echo "), "\r") == "echo elsewhere"


def test_keys_that_edit_end_the_search_and_edit_what_was_found(desk: Desk) -> None:
    keep(desk, "cat right", "cat end", "cat home", "cat kill", "ls")
    for sought, key, line in (
        ("rig", f"{RIGHT}X", "cat rXight"),
        ("end", "\x05X", "cat endX"),
        ("hom", "\x01X", "Xcat home"),
        ("kil", "\x0b", "cat "),
    ):
        assert desk.type(history_is_there, f"\x12{sought}{key}", line_is(line), "\r") == line


def test_search_says_that_it_finds_nothing(desk: Desk) -> None:
    keep(desk, "echo needle")
    nothing = shown(desk, "(nothing found)")
    assert desk.type(history_is_there, "kept\x12nosuch", nothing, "\x07", line_is("kept"), "\r") == "kept"
