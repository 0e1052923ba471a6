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
    keep(desk, "cat right", "cat end", "cat home", "cat kill", "cat word two", "ls")
    for sought, key, line in (
        ("rig", f"{RIGHT}X", "cat rXight"),
        ("end", "\x05X", "cat endX"),
        ("hom", "\x01X", "Xcat home"),
        ("kil", "\x0b", "cat "),
        ("wor", "\x1bfX", "cat wordX two"),
    ):
        assert desk.type(history_is_there, f"\x12{sought}{key}", line_is(line), "\r") == line


def test_search_says_that_it_finds_nothing(desk: Desk) -> None:
    keep(desk, "echo needle")
    nothing = shown(desk, "(nothing found)")
    assert desk.type(history_is_there, "kept\x12nosuch", nothing, "\x07", line_is("kept"), "\r") == "kept"


def test_escape_takes_what_was_found_and_enter_runs_it(desk: Desk) -> None:
    keep(desk, "echo needle", "ls")
    typed = history_is_there, "\x12need", shown(desk, "echo "), "\x1b", line_is("echo needle"), "\r"
    assert desk.type(*typed) == "echo needle"


def test_pasted_text_is_searched_for_without_its_newline(desk: Desk) -> None:
    keep(desk, "echo needle", "ls")
    assert desk.type(history_is_there, "\x12\x1b[200~need\n\x1b[201~", shown(desk, "echo "), "\r") == "echo needle"
