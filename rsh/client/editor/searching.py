"""The search in the history (Ctrl-R): what ends it, and whether it finds anything. A screen module."""

from __future__ import annotations

from typing import Final

from prompt_toolkit.application.current import get_app
from prompt_toolkit.filters import is_searching
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings import search
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.search import SearchState

from rsh.client.editor.lines import is_unfinished

# Keys that end a search, with what it has found, and then do what they always do, as in bash.
_ENDING: Final = (
    *("left", "right", "home", "end", "c-left", "c-right", "c-a", "c-b", "c-e", "c-f"),
    *("c-d", "c-i", "c-k", "delete"),
)


def bind_search(keys: KeyBindings) -> None:
    """Bind the keys that end a search."""
    keys.add("enter", filter=is_searching)(_accept_and_run)
    for key in _ENDING:
        keys.add(key, filter=is_searching)(_accept_and_go_on)


def finds_nothing() -> bool:
    """Say whether what is searched for just now is in no line."""
    layout = get_app().layout
    target, field = layout.search_target_buffer_control, layout.current_buffer
    if target is None or field is None or not field.text:
        return False
    state = target.search_state
    found = target.buffer.document_for_search(SearchState(field.text, state.direction, state.ignore_case))
    return field.text.lower() not in found.text.lower()


def _accept_and_run(event: KeyPressEvent) -> None:
    """Take the line that was searched for and run it, as in bash."""
    search.accept_search.call(event)
    buffer = event.app.current_buffer
    if not is_unfinished(buffer.text):
        buffer.validate_and_handle()


def _accept_and_go_on(event: KeyPressEvent) -> None:
    """Take the line that was searched for, and have the key do to it what it does."""
    search.accept_search.call(event)
    event.key_processor.feed(event.key_sequence[-1], first=True)
