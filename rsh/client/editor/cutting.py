"""What keys cut from the line, for Ctrl-Y: cuts that follow one another are one, as in bash. A screen module."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Final

from prompt_toolkit.clipboard import Clipboard, ClipboardData
from prompt_toolkit.filters import Filter
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from rsh.client.text.words import next_end, previous_start

# So many cuts are remembered for Alt-Y (Ctrl-Y gives the last one).
_MOST: Final = 60

# The keys that cut. What one of them cuts right behind another goes to what that has cut.
_KEYS: Final = (
    (Keys.ControlW,),
    (Keys.ControlU,),
    (Keys.ControlK,),
    (Keys.Escape, "d"),
    (Keys.Escape, Keys.ControlH),
)


class Cuts(Clipboard):
    """What was cut, the newest first."""

    def __init__(self) -> None:
        self._ring: deque[ClipboardData] = deque(maxlen=_MOST)

    def set_data(self, data: ClipboardData) -> None:
        """Remember a cut."""
        self._ring.appendleft(data)

    def get_data(self) -> ClipboardData:
        """Give the newest one."""
        return self._ring[0] if self._ring else ClipboardData()

    def rotate(self) -> None:
        """Have the one before it be the newest."""
        self._ring.rotate(-1)

    def keep(self, event: KeyPressEvent, cut: str, *, before: bool) -> None:
        """Keep what a key has cut; where that is nothing the terminal rings, as in bash.

        Args:
            before: it stood before the cursor.
        """
        if not cut:
            event.app.output.bell()
            return
        if self._ring and tuple(press.key for press in event.previous_key_sequence) in _KEYS:
            last = self._ring.popleft().text
            cut = cut + last if before else last + cut
        self.set_text(cut)


def bind_cuts(keys: KeyBindings, where: Filter, cuts: Cuts) -> None:
    """Bind the keys that cut, in the place of prompt_toolkit's, each of which joins its own cuts at most."""
    for sequence, handler in zip(_KEYS, (_to_blank, _line_back, _line_on, _word_on, _word_back), strict=True):
        keys.add(*sequence, filter=where)(partial(handler, cuts))


def _to_blank(cuts: Cuts, event: KeyPressEvent) -> None:
    document = event.current_buffer.document
    start = document.find_start_of_previous_word(count=max(event.arg, 1), WORD=True)
    _cut_before(cuts, event, document.cursor_position if start is None else -start)


def _line_back(cuts: Cuts, event: KeyPressEvent) -> None:
    _cut_before(cuts, event, -event.current_buffer.document.get_start_of_line_position() or 1)


def _line_on(cuts: Cuts, event: KeyPressEvent) -> None:
    _cut_behind(cuts, event, event.current_buffer.document.get_end_of_line_position() or 1)


def _word_back(cuts: Cuts, event: KeyPressEvent) -> None:
    document = event.current_buffer.document
    start = document.cursor_position
    for _ in range(event.arg):
        start = previous_start(document.text, start)
    _cut_before(cuts, event, document.cursor_position - start)


def _word_on(cuts: Cuts, event: KeyPressEvent) -> None:
    document = event.current_buffer.document
    end = document.cursor_position
    for _ in range(event.arg):
        end = next_end(document.text, end)
    _cut_behind(cuts, event, end - document.cursor_position)


def _cut_before(cuts: Cuts, event: KeyPressEvent, size: int) -> None:
    cuts.keep(event, event.current_buffer.delete_before_cursor(count=size), before=True)


def _cut_behind(cuts: Cuts, event: KeyPressEvent, size: int) -> None:
    cuts.keep(event, event.current_buffer.delete(count=size), before=False)
