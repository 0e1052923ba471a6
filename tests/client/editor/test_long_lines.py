"""Lines of a megabyte: shown in part, and taken whole (R32)."""

from __future__ import annotations

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import TransformationInput

from rsh.client.editor.long_lines import LONGEST, LongLines
from tests.client.editor.desk import Desk, line_is

LINE = "".join(f"{number:06} " for number in range(20_000))


def transformed(text: str, cursor: int, fragments: StyleAndTextTuples) -> tuple[str, int, int]:
    """Give what is shown of a line, where the cursor stands in that, and where that is in the line again."""
    given = TransformationInput(
        BufferControl(Buffer()), Document(text, cursor), 0, lambda column: column, fragments, 200, 20
    )
    made = LongLines().apply_transformation(given)
    shown = "".join(text for _, text, *_ in made.fragments)
    return shown, made.source_to_display(cursor), made.display_to_source(made.source_to_display(cursor))


@pytest.mark.parametrize("cursor", [0, 5, LONGEST, 70_001, len(LINE) - 1, len(LINE)])
def test_what_stands_around_the_cursor_is_shown(cursor: int) -> None:
    shown, column, back = transformed(LINE, cursor, [("bold", LINE[:50_000]), ("", LINE[50_000:])])
    assert len(shown) <= LONGEST + 2
    assert back == cursor
    assert shown[column : column + 5].rstrip("…") == LINE[cursor : cursor + 5]
    assert (shown[0] == "…", shown[-1] == "…") == (cursor > LONGEST // 2, cursor < len(LINE) - LONGEST)


def test_line_of_usual_length_is_shown_whole() -> None:
    assert transformed("abc", 1, [("", "abc")]) == ("abc", 1, 1)


def test_line_of_a_megabyte_is_laid_out_in_part_and_taken_whole(desk: Desk) -> None:
    line = "echo " + "x" * 1_000_000 + "!"
    asked: list[None] = []  # how often for what stands in front of a row

    def link() -> str:
        asked.append(None)
        return ""

    desk.screen.link = link
    desk.screen.keep(line)
    assert desk.type("?", line_is(line + "?"), "\x01#\r") == f"#{line}?"
    assert len(asked) < LONGEST // 80
    assert "#echo xxx" in desk.shown.getvalue()
