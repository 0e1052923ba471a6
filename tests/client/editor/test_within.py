"""Completion in the middle of a word (R21)."""

from __future__ import annotations

import pytest

from rsh.client.editor.completion import complete
from rsh.client.editor.within import within
from tests.client.editor.fixed_names import FixedNames


def completed(before: str, behind: str) -> list[str]:
    """Give the lines that completion can make, with the cursor between the two parts."""
    found = within(complete(before, FixedNames()), len(before), behind)
    return [f"{before[: each.start]}{each.text}{behind}" for each in found]


@pytest.mark.parametrize(
    ("before", "behind", "lines"),
    [
        ("cat rem", "", ["cat remote.txt "]),
        ("cat rem", " now", ["cat remote.txt now"]),
        ("cat rem", "; ls", ["cat remote.txt ; ls"]),
        ("cat rem", "txt", ["cat remote.txt"]),
        ("cat rem", "te.txt now", ["cat remote.txt now"]),
        ("cat lo", "s", ["cat logs"]),
        ("cat lo", "s/", ["cat logs/"]),
        ("cat 'lo", "g'", ["cat 'lo g'"]),
        ("cat lo", "XX", ["cat log/XX", "cat logs/XX", "cat lo\\ gXX"]),
        ("cat remote.t", "te.txt", ["cat remote.txtte.txt"]),
    ],
)
def test_what_stands_behind_the_cursor_stays_and_is_not_put_in_again(
    before: str, behind: str, lines: list[str]
) -> None:
    assert completed(before, behind) == lines
