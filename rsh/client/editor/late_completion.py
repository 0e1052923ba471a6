"""A completion, asked for with Tab, whose answer is late: the line is completed when it comes. A screen module.

It is forgotten when something is typed, and at Ctrl-C, which leaves the line.
"""

from __future__ import annotations

from typing import Final

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.shortcuts import PromptSession

from rsh.client.editor.giving_way import soon
from rsh.client.editor.name import Names

# Seconds after which a completion that is still at work, and would not begin once more, is looked at again.
SHORTLY: Final = 0.1


class LateCompletion:
    """What `late` of the names means to the line of a prompt."""

    def __init__(self, session: PromptSession[str], names: Names) -> None:
        self._session = session
        self._names = names

    @property
    def waits(self) -> bool:
        """Whether an answer is waited for; one that another line has not had may be told late, too."""
        return self._names.late and self._names.line == self._session.default_buffer.document.text_before_cursor

    def give_up(self) -> None:
        """Wait for the answer no longer."""
        self._names.late = False

    def answered(self) -> None:
        """Go on if an answer was waited for; called by any thread."""
        loop = self._session.app.loop
        if self.waits and loop is not None:
            soon(loop, self._go_on)

    def _go_on(self) -> None:
        app, buffer = self._session.app, self._session.default_buffer
        if not self.waits or not app.is_running or app.is_done or app.current_buffer is not buffer:
            return
        if buffer.complete_state is None:
            self.give_up()
            typing = bool(self._session.complete_while_typing)
            buffer.start_completion(
                insert_common_part=not typing, complete_event=CompleteEvent(typing, completion_requested=not typing)
            )
        elif not buffer.complete_state.completions and app.loop is not None:
            app.loop.call_later(SHORTLY, self._go_on)
