"""Marks for the terminal (R7)."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest

from rsh.client.cli.settings import Settings
from rsh.client.editor.marks import before_prompt, quoted, wants_marks
from rsh.client.text.prompt_text import Place


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "tmux"}, True),
        ({"TERM": "linux"}, False),
        ({}, False),
        ({"TERM": "xterm", "RSH_MARKS": "0"}, False),
    ],
)
def test_marks_are_for_terminals_that_know_them(environment: dict[str, str], wanted: bool) -> None:
    assert wants_marks(environment) == wanted


PLACE = Place("ann", "b\x1bx", b"/a b/\xff\x07", b"/home/ann", 2)


def test_terminal_is_told_without_a_control_character_of_the_other_side() -> None:
    assert before_prompt(PLACE, Settings()) == (
        "\x1b]133;D;2\x1b\\\x1b]7;file://b%1Bx/a%20b/%FF%07\x1b\\\x1b]2;rsh: b\\x1bx: /a b/\\xff\\x07\x1b\\"
    )


@pytest.mark.parametrize(("name", "code"), [("marks", "]133"), ("location", "]7"), ("title", "]2")])
def test_each_can_be_left_out(name: str, code: str) -> None:
    assert f"\x1b{code};" in before_prompt(PLACE, Settings())
    assert f"\x1b{code};" not in before_prompt(PLACE, Settings({name: "off"}))


def test_path_is_quoted_as_in_a_url() -> None:
    path = bytes(range(256))
    assert quoted(path) == quote_from_bytes(path)
