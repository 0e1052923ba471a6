"""The `.` of vi: does the last change once more, by the keys that made it. A screen module."""

from __future__ import annotations

import itertools
from typing import Any, Final

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import vi_navigation_mode
from prompt_toolkit.key_binding.key_processor import KeyPress, KeyPressEvent, KeyProcessor
from prompt_toolkit.keys import Keys

# Commands that change the line and are no changes to it: they undo one, or take another line or its completions.
_NO_CHANGES: Final = ("u", "U", "j", "k", "+", "-", "G", "n", "N", "/", "?", "q", "@", "v", "*", "\\")


class Repeating:
    """Follows the keys of one line's commands, from one moment in command mode to the next."""

    def __init__(self, app: Application[Any], buffer: Buffer) -> None:
        self._buffer = buffer
        self._keys: list[KeyPress] | None = None  # of the command that is being typed; None: it began with none
        self._before = ""  # the line when that began
        self._change: list[KeyPress] = []  # the last command that has changed a line
        app.key_processor.after_key_press += self._follow
        app.on_reset += lambda _: self._begin_line()

    def repeat(self, event: KeyPressEvent) -> None:
        """Do the last change again; with a count in the place of its own."""
        keys = self._change
        if event.arg_present:
            keys = [*(KeyPress(digit) for digit in str(event.arg)), *_without_count(keys)]
        if not self._change:
            event.app.output.bell()
            return
        event.key_processor.feed_multiple(keys, first=True)

    def _begin_line(self) -> None:
        """What is typed at first is no command."""
        self._keys = None

    def _follow(self, processor: KeyProcessor) -> None:
        """Take in the key that was just pressed; at the end of a command, see what it did."""
        pressed = processor.key_buffer or processor._previous_key_sequence
        if self._keys is not None and pressed:
            self._keys.append(pressed[-1])
        if not vi_navigation_mode() or processor.key_buffer or processor.arg is not None:
            return
        if self._keys and self._buffer.text != self._before and _is_change(self._keys):
            self._change = self._keys
        self._keys, self._before = [], self._buffer.text


def _is_change(keys: list[KeyPress]) -> bool:
    command = next(iter(_without_count(keys)), keys[0])
    return command.data not in _NO_CHANGES and not any(isinstance(key.key, Keys) and key.key in _MOVING for key in keys)


def _without_count(keys: list[KeyPress]) -> list[KeyPress]:
    return list(itertools.dropwhile(lambda key: key.data.isdigit(), keys))


# Keys that may take another line of the history, or a completion, whose answer comes later.
_MOVING: Final = (Keys.Up, Keys.Down, Keys.ControlP, Keys.ControlN, Keys.ControlI, Keys.ControlR, Keys.ControlS)
