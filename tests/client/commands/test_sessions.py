"""What `rsh sessions` and the offers at the beginning say."""

from __future__ import annotations

import time

import pytest

from rsh.client.commands.sessions import checked_name, offers, shell_lines
from rsh.errors import UsageError
from rsh.protocol.answer_records import ShellEntry

NOW = int(time.time())
WORK = ShellEntry("0badcafe", "work", "ann@laptop", NOW - 60, NOW - 5, b"make\x1b[2J\nmore", ("bob\x1b from 10.0.0.1",))
LEFT = ShellEntry("12345678", "", "ann@laptop", NOW - 60, NOW - 5, b"", ())
DEAD = ShellEntry("87654321", "", "", 0, 0, b"", (), answers=False)


def test_table_lets_no_escape_byte_through() -> None:
    lines = shell_lines([WORK, LEFT, DEAD], "ann", NOW)
    assert [line.split()[0] for line in lines] == ["NAME", "work", "12345678", "87654321"]
    assert not any("\x1b" in line for line in lines)
    assert "does not answer" in lines[3]


def test_only_what_nobody_is_attached_to_is_offered() -> None:
    (line,) = offers([WORK, LEFT, DEAD], "build")
    assert line.endswith("at its prompt: rsh attach build 12345678")


def test_of_many_the_newest_few_are_offered_and_the_rest_is_counted() -> None:
    found = [ShellEntry(f"{number:08}", "", "", NOW - 60, NOW - number, b"", ()) for number in (9, 5, 7, 6, 8)]
    lines = offers(found, "build")
    assert [line.split()[-1] for line in lines[:3]] == ["00000005", "00000006", "00000007"]
    assert lines[3:] == ["rsh: 2 more were left here: rsh sessions build"]


@pytest.mark.parametrize("name", ["work", "a.b-c_2", "_"])
def test_name_is_taken(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "-x", ".x", "a b", "a/b", "x" * 33, "ä"])
def test_name_that_no_shell_can_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        checked_name(name)


def test_hostile_name_is_quoted_where_it_is_to_be_pasted() -> None:
    (line,) = offers([ShellEntry("12345678", "x; rm -rf ~", "", NOW, NOW, b"", ())], "build")
    assert line.endswith("rsh attach build 'x; rm -rf ~'")
