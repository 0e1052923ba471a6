"""What keys do at the prompt, beyond what prompt_toolkit's emacs and vi modes give (R12-R15, R19, R32).

A screen module: it is imported only when a prompt is really shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, TypeAlias

from prompt_toolkit.application.current import get_app
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import (
    Condition,
    completion_is_selected,
    emacs_insert_mode,
    emacs_mode,
    emacs_selection_mode,
    has_completions,
    has_focus,
    is_searching,
    shift_selection_mode,
    vi_insert_mode,
    vi_navigation_mode,
)
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings.basic import if_no_repeat
from prompt_toolkit.key_binding.bindings.named_commands import get_by_name
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys
from prompt_toolkit.search import SearchDirection, start_search

from rsh.client.cli.settings import Settings
from rsh.client.editor.completing import accept_only
from rsh.client.editor.cutting import Cuts, bind_cuts
from rsh.client.editor.lines import is_unfinished
from rsh.client.editor.repeating import Repeating
from rsh.client.editor.searching import Searching
from rsh.client.editor.vi_keys import bind_vi
from rsh.client.text.words import next_end, previous_start, swapped

# Pastes of more lines than this are announced: it is easy not to see what they will run.
PASTE_LINES = 5

Hold: TypeAlias = Callable[[Iterable["asyncio.Task[Any]"]], None]

# Asks for every completion, where Tab asks for what they have in common first.
_ALL: Final = CompleteEvent(text_inserted=True)

menu_complete = get_by_name("menu-complete")


class Modes:
    """What the function keys switch: settings, at once in force; and what Enter does.

    Attributes:
        is_zsh: says whether the shell over there is one.
    """

    def __init__(
        self, settings: Settings, apply: Callable[[], None], tell: Callable[[str], None], all_hosts: Callable[[], None]
    ) -> None:
        """Prepare.

        Args:
            apply: has the screen do as the settings say.
            tell: shows a few words behind the line.
            all_hosts: has the history of all hosts searched.
        """
        self.is_zsh: Callable[[], bool] = lambda: False
        self._settings = settings
        self._apply = apply
        self._tell = tell
        self._all_hosts = all_hosts

    def toggle_completion(self, event: KeyPressEvent) -> None:
        """Have completions appear while typing, or on Tab only; Up then searches the history by what is typed."""
        typing = self._switch("complete", "tab", "typing") == "typing"
        self._tell("completion while typing" if typing else "completion on Tab")

    def toggle_lines(self, event: KeyPressEvent) -> None:
        """Let Enter begin a new line, or run."""
        several = self._switch("multiline", "off", "on") == "on"
        self._tell("Enter begins a line, Alt-Enter runs" if several else "Enter runs")

    def toggle_vi(self, event: KeyPressEvent) -> None:
        """Change between emacs' and vi's keys."""
        self._tell(f"{self._switch('keys', 'emacs', 'vi')} keys")

    def toggle_toolbar(self, event: KeyPressEvent) -> None:
        """Show the line at the bottom, or only when there is something to tell."""
        self._tell(f"toolbar {self._switch('toolbar', 'auto', 'on')}")

    def search_all(self, event: KeyPressEvent) -> None:
        """Search backwards in the history of all hosts."""
        self._all_hosts()
        start_search(direction=SearchDirection.BACKWARD)

    def _switch(self, name: str, one: str, other: str) -> str:
        self._settings.set(name, one if self._settings.shown(name) == other else other)
        self._apply()
        return self._settings.shown(name)

    @property
    def _several(self) -> bool:
        return self._settings.on("multiline")

    def enter(self, event: KeyPressEvent) -> None:
        """Run the line if it is whole."""
        buffer = event.current_buffer
        if self._several or is_unfinished(buffer.text, self.is_zsh):
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    def enter_command(self, event: KeyPressEvent) -> None:
        """Run the line if it is whole, wherever the cursor stands in it; else go on behind it. Vi's command mode."""
        buffer = event.current_buffer
        if is_unfinished(buffer.text, self.is_zsh):
            buffer.cursor_position = len(buffer.text)
            buffer.newline(copy_margin=False)
            event.app.vi_state.input_mode = InputMode.INSERT
        else:
            buffer.validate_and_handle()

    def alt_enter(self, event: KeyPressEvent) -> None:
        """Do what Enter does not."""
        if self._several:
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


def make_bindings(
    modes: Modes,
    cuts: Cuts,
    completes: Callable[[], bool],
    give_up: Callable[[], None],
    hold: Hold,
    repeating: Repeating,
) -> KeyBindings:
    """Give the bindings; they go before prompt_toolkit's own.

    Args:
        cuts: where what is cut is kept.
        completes: says whether a completion waits for its answer.
        give_up: has it wait no longer.
        hold: has the keys behind a Tab wait for the tasks that complete the line, as far as they end soon.
        repeating: does the last change again.
    """
    keys = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER) & ~is_searching
    keys.add("enter", filter=typing & ~completion_is_selected)(modes.enter)
    keys.add("enter", filter=typing & completion_is_selected)(_accept_completion)
    Searching().bind(keys, typing)
    keys.add("end", filter=typing & Condition(_has_ghost))(_take_ghost)
    keys.add("escape", "enter", filter=typing & emacs_mode)(modes.alt_enter)  # of vi, Esc waits for no other key
    keys.add("enter", filter=typing & vi_navigation_mode)(modes.enter_command)
    keys.add("escape", eager=True, filter=has_completions)(_close_menu)
    keys.add("c-i", filter=typing & (emacs_insert_mode | vi_insert_mode))(lambda event: _complete(event, hold))
    keys.add("c-c", filter=typing & has_completions)(_close_menu)
    keys.add("c-c", filter=typing & Condition(completes))(lambda event: give_up())
    keys.add("c-d", filter=typing & Condition(_has_text) & has_completions)(_close_menu)
    keys.add(Keys.BracketedPaste, filter=typing | is_searching)(modes.paste)
    keys.add(Keys.Vt100MouseEvent)(_ignore)  # We ask for none, and prompt_toolkit fails at a malformed one.
    keys.add("f2", filter=typing)(modes.toggle_completion)
    keys.add("f3", filter=typing)(modes.toggle_lines)
    keys.add("f4", filter=typing)(modes.toggle_vi)
    keys.add("f5", filter=typing)(modes.toggle_toolbar)
    emacs = typing & emacs_mode
    keys.add("escape", "r", filter=emacs)(modes.search_all)
    for back, on in ((("escape", "b"), ("escape", "f")), (("escape", "left"), ("escape", "right"))):
        keys.add(*back, filter=emacs)(_word_back)
        keys.add(*on, filter=emacs)(_word_on)
    keys.add("c-left", filter=emacs)(_word_back)
    keys.add("c-right", filter=emacs)(_word_on)
    keys.add("escape", "t", filter=emacs)(_swap_words)
    keys.add("escape", Keys.Any, filter=emacs)(_unknown)
    for key in (Keys.Any, "c-i", "c-k", "c-t", "c-u", "c-y"):
        keys.add(key, filter=emacs & emacs_selection_mode & ~shift_selection_mode)(_leave_selection)
    keys.add(Keys.Any, filter=typing & (emacs_insert_mode | vi_insert_mode), save_before=if_no_repeat)(_insert)
    keys.add("c-v", filter=emacs)(get_by_name("quoted-insert"))
    keys.add("escape", "?", filter=emacs)(lambda event: _list(event, hold))
    keys.add("escape", "*", filter=emacs)(_insert_all)
    bind_cuts(keys, typing & emacs_insert_mode, cuts)
    bind_vi(keys, typing)
    keys.add(".", filter=typing & vi_navigation_mode)(repeating.repeat)
    for key, handler in (("\\", _complete), ("=", _list)):
        keys.add(key, filter=typing & vi_navigation_mode)(partial(_append_and, partial(handler, hold=hold)))
    keys.add("*", filter=typing & vi_navigation_mode)(partial(_append_and, _insert_all))
    return keys


def _word_back(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    buffer.cursor_position = previous_start(buffer.text, buffer.cursor_position)


def _word_on(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    if buffer.suggestion is not None and _has_ghost():
        buffer.insert_text(buffer.suggestion.text[: next_end(buffer.suggestion.text, 0)])
        return
    buffer.cursor_position = next_end(buffer.text, buffer.cursor_position)


def _swap_words(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    found = swapped(buffer.text, buffer.cursor_position)
    if found is None:
        event.app.output.bell()
    else:
        buffer.document = Document(*found)


def _insert(event: KeyPressEvent) -> None:
    """Insert what was typed; what follows one another is undone at once. prompt_toolkit's own forgets that."""
    event.current_buffer.insert_text(event.data * event.arg)


def _unknown(event: KeyPressEvent) -> None:
    """Ring for an Alt key that means nothing, as in bash; what is no character was pressed behind a lone Esc."""
    last = event.key_sequence[-1]
    if isinstance(last.key, Keys):
        event.key_processor.feed(last, first=True)
    else:
        event.app.output.bell()


def _leave_selection(event: KeyPressEvent) -> None:
    """Have a key that means nothing to a selection, which Ctrl-Space begins, do what it always does."""
    event.current_buffer.exit_selection()
    event.key_processor.feed(event.key_sequence[-1], first=True)


def _complete(event: KeyPressEvent, hold: Hold) -> None:
    """Complete the word, or go to the next completion."""
    accept_only(event.current_buffer)
    waits = event.current_buffer.complete_state is None
    before = asyncio.all_tasks()
    menu_complete.call(event)
    if waits:
        hold(asyncio.all_tasks() - before)


def _list(event: KeyPressEvent, hold: Hold) -> None:
    """Show the completions of the word, and put nothing in yet."""
    buffer = event.current_buffer
    if buffer.complete_state is None:
        before = asyncio.all_tasks()
        buffer.start_completion(complete_event=_ALL)
        hold(asyncio.all_tasks() - before)


def _append_and(work: Callable[[KeyPressEvent], None], event: KeyPressEvent) -> None:
    """Do something to the word at the cursor of vi's command mode, and go on behind it."""
    buffer = event.current_buffer
    buffer.cursor_position += buffer.document.get_cursor_right_position()
    event.app.vi_state.input_mode = InputMode.INSERT
    work(event)


def _insert_all(event: KeyPressEvent) -> None:
    """Put in all completions of the word, as in bash."""
    buffer = event.current_buffer
    found = list(buffer.completer.get_completions(buffer.document, _ALL))
    starts = {each.start_position for each in found}
    if len(starts) == 1:
        buffer.delete_before_cursor(-starts.pop())
        buffer.insert_text(" ".join(each.text.removesuffix(" ") for each in found) + " ")


def _accept_completion(event: KeyPressEvent) -> None:
    """Take the completion that is selected in the menu; the line does not run."""
    event.current_buffer.complete_state = None


def _close_menu(event: KeyPressEvent) -> None:
    """Put the word back as it was typed."""
    event.current_buffer.cancel_completion()


def _ignore(event: KeyPressEvent) -> None:
    """Do nothing."""


def _take_ghost(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    if buffer.suggestion is not None:
        buffer.insert_text(buffer.suggestion.text)


def _has_ghost() -> bool:
    """Say whether there is grey text behind the cursor."""
    buffer = get_app().current_buffer
    return buffer.suggestion is not None and bool(buffer.suggestion.text) and buffer.document.is_cursor_at_the_end


def _has_text() -> bool:
    return bool(get_app().current_buffer.text)
