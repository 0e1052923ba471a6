"""The line at the bottom of the screen, below the prompt. A screen module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prompt_toolkit.filters import Condition, is_done
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.containers import ConditionalContainer, HSplit, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.shortcuts import PromptSession

from rsh.client.editor.paper import Paper

# Screens with fewer columns, or rows, have none.
NARROW: Final = 40
LOW: Final = 6


class BottomLine:
    """What stands there; prompt_toolkit's own is not shown unless the terminal says where its cursor is."""

    def __init__(self, session: PromptSession[str], paper: Paper, text: Callable[[], str]) -> None:
        """Have it shown while the prompt is.

        Args:
            text: gives it; "" for none.
        """
        self._paper = paper
        self._text = text
        window = Window(FormattedTextControl(self.fragments), height=1, style="class:bottom-toolbar")
        shown = Condition(lambda: bool(self.fragments())) & ~is_done
        container = session.layout.container
        if isinstance(container, HSplit):
            container.children.append(ConditionalContainer(window, filter=shown))

    def fragments(self) -> StyleAndTextTuples:
        """Give the line as it is shown now, cut to the screen."""
        columns = self._paper.columns
        if columns < NARROW or self._paper.rows < LOW:
            return []
        text = self._text()
        return [("class:bottom-toolbar.text", text[: columns - 1])] if text else []
