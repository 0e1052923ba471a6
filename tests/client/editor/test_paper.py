"""What is written beneath the prompt."""

from __future__ import annotations

import io

import pyte
import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.vt100 import Vt100_Output

from rsh.client.editor.paper import Paper


@pytest.mark.parametrize(("before", "lines"), [("", ["on"]), ("text", ["text%", "on"]), ("x" * 20, ["x" * 20, "on"])])
def test_line_is_begun_where_the_last_one_has_not_ended(before: str, lines: list[str]) -> None:
    screen = pyte.Screen(20, 4)
    sent = io.StringIO()
    paper = Paper(Vt100_Output(sent, lambda: Size(rows=4, columns=20)))
    paper.send(before)
    paper.begin_line()
    paper.send("on")
    pyte.Stream(screen).feed(sent.getvalue())
    shown = [line.rstrip() for line in screen.display]
    assert [line.removesuffix("%") if line == "on%" else line for line in shown[: len(lines)]] == lines
