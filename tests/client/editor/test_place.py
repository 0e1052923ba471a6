"""What completion inserts and shows for a name (R19, R21)."""

from __future__ import annotations

import pytest

from rsh.client.editor.completion import complete
from rsh.client.editor.place import Completion
from tests.client.editor.fixed_names import FixedNames, completed


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("put my", ["put my\\ file "]),
        ("put my\\ f", ["put my\\ file "]),
        ("put 'my f", ["put 'my file' "]),
        ('put "my', ['put "my file" ']),
        ("put it", ["put it\\'s "]),
        ("put 'it", ["put 'it'\\''s' "]),
        ("put a", ["put $'a\\nb' "]),
        ("put 'sr", ["put 'src/"]),
        ("put \udcff", ["put $'\\xff' "]),
        ("put \\~o", ["put ./~odd "]),
        ("cat ~/no", ["cat ~/notes\\ x "]),
        ("cat ~a", ["cat ~ann/"]),
        ("cat \\~a", []),
        ("cat lo*", ["cat log logs lo\\ g "]),
        ("cat x >lo?", ["cat x >log "]),
        ("cat 'lo*", []),
        ("cat lo\\*", []),
        ("cat ~/n*", ["cat ~/notes\\ x "]),
        ("cat nothing*", []),
        ("put *.txt", ["put local.txt "]),
        ("get [q-s]*", ["get remote.txt "]),
        ("!cat *y*", ["!cat my\\ file "]),
        ("cat ~/'no", ["cat ~/'notes x' "]),
        ("cat l*g/ma", ["cat log/main ", "cat log/many/"]),
        ("cat lo[g]/m*", ["cat log/main log/many "]),
        ("cat */mai", ["cat log/main "]),
        ("cat nothing*/m", []),
        ("cd l*/m", ["cd log/many/"]),
        ("cat 'l'*/mai", ["cat log/main "]),
        ("cat \\*/mai", []),
    ],
)
def test_names_are_quoted_as_the_user_has_begun(text: str, lines: list[str]) -> None:
    assert completed(text) == lines


def test_what_is_shown_has_no_control_characters() -> None:
    assert [each.shown for each in complete("cat ~/\x1b", FixedNames())] == ["$'\\x1b[m'"]


def test_directories_and_commands_are_told_apart() -> None:
    assert complete("get log", FixedNames())[0] == Completion(4, "log/", "log/", directory=True)
    assert complete("lpw", FixedNames())[0].about == "Print the directory here"


def test_symbolic_links_are_marked() -> None:
    assert [each.shown for each in complete("cat ln", FixedNames())] == ["lnk@", "lnkd@"]
    assert completed("cat lnkd") == ["cat lnkd/"]
