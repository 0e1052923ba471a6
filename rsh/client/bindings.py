"""What keys do at the prompt, beyond what prompt_toolkit's emacs and vi modes give (R12-R15, R19, R32).

A screen module: it is imported only when a prompt is really shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.application.current import get_app
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import Condition, completion_is_selected, has_completions, has_focus, is_searching
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings import search
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from rsh.client.lines import is_unfinished

if TYPE_CHECKING:
    from prompt_toolkit.shortcuts import PromptSession

# Pastes of more lines than this are announced: it is easy not to see what they will run.
PASTE_LINES = 5


class Modes:
    """What the function keys switch.

    Attributes:
        several: Enter begins a new line and Alt-Enter runs (F3); `typing`: completions appear as one types (F2).
    """

    def __init__(self, session: PromptSession[str], tell: Callable[[str], None]) -> None:
        self.several = False
        self.typing = False
        self._session = session
        self._tell = tell

    def toggle_completion(self, event: KeyPressEvent) -> None:
        """Have completions appear while typing, or on Tab only; Up then searches the history by what is typed."""
        self.typing = not self.typing
        self._session.complete_while_typing = self.typing
        self._session.enable_history_search = not self.typing
        self._tell("completion while typing" if self.typing else "completion on Tab")

    def toggle_lines(self, event: KeyPressEvent) -> None:
        """Let Enter begin a new line, or run."""
        self.several = not self.several
        self._tell("Enter begins a line, Alt-Enter runs" if self.several else "Enter runs")

    def toggle_vi(self, event: KeyPressEvent) -> None:
        """Change between emacs' and vi's keys."""
        vi = self._session.editing_mode is not EditingMode.VI
        self._session.editing_mode = EditingMode.VI if vi else EditingMode.EMACS
        self._tell("vi keys" if vi else "emacs keys")

    def enter(self, event: KeyPressEvent) -> None:
        """Run the line if it is whole."""
        buffer = event.current_buffer
        if self.several or is_unfinished(buffer.text):
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    def alt_enter(self, event: KeyPressEvent) -> None:
        """Do what Enter does not."""
        if self.several:
            event.current_buffer.validate_and_handle()
        else:
            event.current_buffer.newline(copy_margin=False)

    def paste(self, event: KeyPressEvent) -> None:
        """Insert pasted text without running any of it."""
        text = event.data.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        event.current_buffer.insert_text(text)
        count = text.count("\n") + 1
        if count > PASTE_LINES:
            self._tell(f"{count} lines pasted, Enter runs them")


def make_bindings(modes: Modes) -> KeyBindings:
    """Give the bindings; they go before prompt_toolkit's own."""
    keys = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER) & ~is_searching
    keys.add("enter", filter=typing & ~completion_is_selected)(modes.enter)
    keys.add("enter", filter=typing & completion_is_selected)(_accept_completion)
    keys.add("enter", filter=is_searching)(_accept_search_and_run)
    keys.add("escape", "enter", filter=typing)(modes.alt_enter)
    keys.add("escape", eager=True, filter=has_completions)(_close_menu)
    keys.add("c-c", filter=typing & has_completions)(_close_menu)
    keys.add("c-d", filter=typing & Condition(_has_text) & has_completions)(_close_menu)
    keys.add(Keys.BracketedPaste, filter=typing)(modes.paste)
    keys.add(Keys.Vt100MouseEvent)(_ignore)  # We ask for none, and prompt_toolkit fails at a malformed one.
    keys.add("f2", filter=typing)(modes.toggle_completion)
    keys.add("f3", filter=typing)(modes.toggle_lines)
    keys.add("f4", filter=typing)(modes.toggle_vi)
    return keys


def _accept_completion(event: KeyPressEvent) -> None:
    """Take the completion that is selected in the menu; the line does not run."""
    event.current_buffer.complete_state = None


def _accept_search_and_run(event: KeyPressEvent) -> None:
    """Take the line that was searched for and run it, as in bash."""
    search.accept_search.call(event)
    buffer = event.app.current_buffer
    if not is_unfinished(buffer.text):
        buffer.validate_and_handle()


def _close_menu(event: KeyPressEvent) -> None:
    """Put the word back as it was typed."""
    event.current_buffer.cancel_completion()


def _ignore(event: KeyPressEvent) -> None:
    """Do nothing."""


def _has_text() -> bool:
    return bool(get_app().current_buffer.text)
