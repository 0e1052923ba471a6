"""Marks for the terminal (R7)."""

from __future__ import annotations

import pytest

from rsh.client.marks import output_ended, standing, wants_marks
from rsh.client.prompt_text import Place


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


def test_standing_is_told_without_a_control_character_of_the_other_side() -> None:
    place = Place("ann", "b\x1bx", b"/a b/\xff\x07", b"/home/ann")
    assert standing(place) == "\x1b]7;file://b%1Bx/a%20b/%FF%07\x1b\\\x1b]2;rsh: b\\x1bx: /a b/\\xff\\x07\x1b\\"


def test_status_is_told_with_the_end_of_output() -> None:
    assert output_ended(2) == "\x1b]133;D;2\x1b\\"
