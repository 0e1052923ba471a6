"""Lines so long that to lay out the whole of them with each key would make keys wait (R32). A screen module."""

from __future__ import annotations

from typing import Final

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.formatted_text.utils import fragment_list_len
from prompt_toolkit.layout.containers import Window
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

# Of a longer line so much is shown, in characters: more than a screen holds. It moves on by a third of that.
LONGEST: Final = 24_000
_STEP: Final = LONGEST // 3

_LEFT_OUT: Final[StyleAndTextTuples] = [("class:note", "…")]


class LongLines(Processor):
    """Shows of a line that is very long what stands around the cursor."""

    def apply_transformation(self, given: TransformationInput) -> Transformation:
        """Give what is shown of one line."""
        size = fragment_list_len(given.fragments)
        if size <= LONGEST:
            return Transformation(given.fragments)
        here = given.lineno == given.document.cursor_position_row
        column = given.source_to_display(given.document.cursor_position_col) if here else 0
        begin = max(column - column % _STEP - _STEP, 0)
        end = min(begin + LONGEST, size)
        before = 1 if begin else 0
        return Transformation(
            [*_LEFT_OUT[:before], *_part(given.fragments, begin, end), *(_LEFT_OUT if end < size else [])],
            lambda position: min(max(position - begin, 0), end - begin) + before,
            lambda position: begin + max(position - before, 0),
        )


def _part(fragments: StyleAndTextTuples, begin: int, end: int) -> StyleAndTextTuples:
    found: StyleAndTextTuples = []
    position = 0
    for style, text, *_ in fragments:
        found.append((style, text[max(begin - position, 0) : max(end - position, 0)]))
        position += len(text)
    return found


def wrap_bare(window: Window) -> None:
    """Have nothing asked for in front of the rows of a wrapped line but its first: nothing stands there."""
    prefix = window.get_line_prefix
    if prefix is not None:
        window.get_line_prefix = lambda line, row: [] if row else prefix(line, 0)
