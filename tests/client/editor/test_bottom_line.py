"""The line at the bottom."""

from __future__ import annotations

import io

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import PromptSession

from rsh.client.editor.bottom_line import BottomLine
from rsh.client.editor.paper import Paper


@pytest.mark.parametrize(
    ("columns", "rows", "text", "shown"),
    [
        (80, 24, "5 ms", "5 ms"),
        (80, 24, "", ""),
        (40, 6, "x" * 50, "x" * 39),
        (39, 24, "5 ms", ""),
        (80, 5, "5 ms", ""),
    ],
)
def test_line_is_as_wide_as_the_screen_and_a_small_one_has_none(columns: int, rows: int, text: str, shown: str) -> None:
    paper = Paper(Vt100_Output(io.StringIO(), lambda: Size(rows=rows, columns=columns)))
    with create_pipe_input() as keyboard:
        session: PromptSession[str] = PromptSession(input=keyboard, output=paper.output)
        line = BottomLine(session, paper, lambda: text)
        assert "".join(fragment[1] for fragment in line.fragments()) == shown
