"""The few words behind the line: what a completion waits for, what a key has just done. A screen module."""

from __future__ import annotations

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples

from rsh.client.editor.completing import Completing
from rsh.client.editor.menu import MenuCompleter
from rsh.client.editor.searching import finds_nothing


class Aside:
    """What is said behind one line. Only for the moment: it does not stay on the screen.

    Attributes:
        words: what was said last; "" once the line has changed.
    """

    def __init__(self, app: Application[str], completer: MenuCompleter, completing: Completing) -> None:
        self.words = ""
        self._app = app
        self._completer = completer
        self._completing = completing

    def line_changed(self, buffer: Buffer) -> None:
        """Forget what was said of another line, and what that was to be completed with."""
        if buffer.document.text_before_cursor != self._completer.asked:  # What that asks is still to be seen.
            self.words = ""
        self._completing.give_up()

    def fragments(self) -> StyleAndTextTuples:
        """Give what is to be seen now."""
        text = "completion: no answer" if self._completing.waits else self.words
        text = "nothing found" if finds_nothing() else text
        notes = [self._completing.glyph, f"({text})" if text else ""]
        shown = " ".join(filter(None, notes))
        return [("class:note", f"  {shown}")] if shown and not self._app.is_done else []
