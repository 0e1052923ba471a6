"""Hands our completions to prompt_toolkit's menu. A screen module."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as MenuEntry
from prompt_toolkit.document import Document

from rsh.client.editor.completion import complete
from rsh.client.editor.name import Names
from rsh.client.editor.place import Completion
from rsh.client.editor.within import within

# The beginning of something escaped, at the end of what several names begin with: it must stand in a line whole.
_HALF_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:x[0-9a-f]?)?\Z")

# More than this many are shown only when they are asked for once more, as in bash.
MANY: Final = 200


class MenuCompleter(Completer):
    """Completes lines; runs in a thread of prompt_toolkit's.

    Attributes:
        asked: the text for which there were too many, and which is to be completed once more to see them.
    """

    def __init__(self, names: Names, tell: Callable[[str], None]) -> None:
        """Prepare.

        Args:
            tell: shows a few words behind the line; called by that thread.
        """
        self._names = names
        self._tell = tell
        self.asked = ""

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[MenuEntry]:
        """Give the completions of the word before the cursor.

        Of several, Tab inserts what they have in common, and is pressed once more to see them; of too many in any case.
        """
        text = document.text_before_cursor
        self._names.late = self._names.cut = False
        self._names.line = text
        found = within(complete(text, self._names), len(text), document.text_after_cursor)
        if self._names.cut and len(found) > MANY:  # What they have in common would be that of some of them.
            self._tell(f"{len(found)} possibilities and more; type on")
            return []
        many = len(found) > MANY and self.asked != text
        if self.asked == text:
            self._tell("")
        common = _common(text, found) if many or complete_event.completion_requested else None
        if many:
            self.asked = text[: found[0].start] + common.text if common else text
            self._tell(f"{len(found)} possibilities; Tab shows them")
        if many or common:
            return [common] if common else []
        return [_entry(text, each) for each in found]


def _common(text: str, found: list[Completion]) -> MenuEntry | None:
    """Give what several completions have in common; None when that is there already."""
    if len(found) < 2 or len({each.start for each in found}) > 1:
        return None
    start = found[0].start
    common = _HALF_ESCAPE.sub(r"\1", common_beginning([each.text for each in found]))
    if len(common) <= len(text) - start:
        return None
    return MenuEntry(common, start_position=start - len(text))


def common_beginning(texts: list[str]) -> str:
    """Give what all texts begin with."""
    first, last = min(texts), max(texts)
    for index, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return first[:index]
    return first


def _entry(text: str, completion: Completion) -> MenuEntry:
    return MenuEntry(
        completion.text,
        start_position=completion.start - len(text),
        display=completion.shown,
        display_meta=completion.about or None,
        style="class:directory" if completion.directory else "",
    )
