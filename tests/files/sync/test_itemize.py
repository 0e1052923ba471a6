from __future__ import annotations

from rsh.files.sync.itemize import DELETING, NEW, itemize


def test_a_change_is_written_as_rsync_does() -> None:
    assert itemize("<", "f", size=True, time=True, mode=False) == "<f.st......"
    assert itemize(">", "f", content=True, mode=True, owner=True, extended=True) == ">fc..po...x"
    assert itemize(".", "d", time=True, mode=True) == ".d..tp....."


def test_all_are_eleven_characters_long() -> None:
    assert {len(itemize(".", "L", mode=False)), len("cd" + NEW), len(DELETING)} == {11}
