"""The search in the history (Ctrl-R, and / of vi): what ends it, and whether it finds anything. A screen module."""

from __future__ import annotations

from functools import partial
from typing import Final

from prompt_toolkit.application.current import get_app
from prompt_toolkit.filters import Filter, emacs_mode, is_searching, vi_mode, vi_navigation_mode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings import search
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys
from prompt_toolkit.search import SearchDirection, SearchState, start_search

from rsh.client.editor.lines import is_unfinished

# Keys that end a search, with what it has found, and then do what they always do, as in bash.
_ENDING: Final = (
    *("left", "right", "home", "end", "c-left", "c-right", "c-a", "c-b", "c-e", "c-f"),
    *("c-d", "c-i", "c-k", "delete"),
)


class Searching:
    """The search that is under way: with the keys of vi, how it was begun decides what its end leads to."""

    def __init__(self) -> None:
        self._mode = InputMode.INSERT  # it was begun in this one
        self._runs = True  # Enter runs what was found

    def bind(self, keys: KeyBindings, where: Filter) -> None:
        """Bind the keys that end a search, and those of vi that begin one.

        Args:
            where: a line is being typed.
        """
        begins = where & vi_mode
        for key, direction in (("c-r", SearchDirection.BACKWARD), ("c-s", SearchDirection.FORWARD)):
            keys.add(key, filter=begins)(partial(self._begin, direction, True))
        for key, direction in (("/", SearchDirection.BACKWARD), ("?", SearchDirection.FORWARD)):
            keys.add(key, filter=begins & vi_navigation_mode)(partial(self._begin, direction, False))
        keys.add("enter", filter=is_searching)(self._accept_and_run)
        for key in _ENDING:
            keys.add(key, filter=is_searching)(self._accept_and_go_on)
        keys.add("escape", eager=True, filter=is_searching & emacs_mode)(self._escape)
        for key in ("c-c", "c-g"):
            keys.add(key, filter=is_searching)(self._give_up)

    def _begin(self, direction: SearchDirection, runs: bool, event: KeyPressEvent) -> None:
        self._mode, self._runs = event.app.vi_state.input_mode, runs
        start_search(direction=direction)

    def _accept(self, event: KeyPressEvent) -> None:
        """Take the line that was searched for, and go on in the mode in which the search was begun."""
        search.accept_search.call(event)
        event.app.vi_state.input_mode = self._mode

    def _accept_and_run(self, event: KeyPressEvent) -> None:
        """Run the line that was searched for, as in bash; what / of vi has found is there to be changed."""
        self._accept(event)
        buffer = event.app.current_buffer
        if (self._runs or not vi_mode()) and not is_unfinished(buffer.text):
            buffer.validate_and_handle()

    def _accept_and_go_on(self, event: KeyPressEvent) -> None:
        """Take the line that was searched for, and have the key do to it what it does."""
        self._accept(event)
        event.key_processor.feed(event.key_sequence[-1], first=True)

    def _escape(self, event: KeyPressEvent) -> None:
        """Take the line that was searched for; the Esc of an Alt key comes together with that key, which does more."""
        self._accept(event)
        behind = event.key_processor.input_queue
        if behind and behind[0].key != Keys.Enter:
            event.key_processor.feed(event.key_sequence[-1], first=True)

    def _give_up(self, event: KeyPressEvent) -> None:
        search.abort_search.call(event)
        event.app.vi_state.input_mode = self._mode


def finds_nothing() -> bool:
    """Say whether what is searched for just now is in no line."""
    layout = get_app().layout
    target, field = layout.search_target_buffer_control, layout.current_buffer
    if target is None or field is None or not field.text:
        return False
    state = target.search_state
    found = target.buffer.document_for_search(SearchState(field.text, state.direction, state.ignore_case))
    return field.text.lower() not in found.text.lower()
