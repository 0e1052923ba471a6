"""The history as the editor walks and searches it, and the ghost text that it gives. A screen module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Final

from prompt_toolkit.application import Application
from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import History as EditorHistory

from rsh.client.editor.line_input import LineInput

# For how long keys wait for a history at most, in seconds; that of a disk that sleeps comes later.
MOST: Final = 0.4


class LineHistory(EditorHistory):
    """Our history as the editor wants it; the file is written by whoever runs the lines."""

    def __init__(self, read: Callable[[], list[str]], loaded: Callable[[], None]) -> None:
        """Prepare.

        Args:
            read: gives the lines, the oldest first; called in another thread.
            loaded: is called when they have come.
        """
        super().__init__()
        self._read = read
        self._tell_loaded = loaded

    def renew(self) -> None:
        """Read the lines again when they are next wanted: another prompt has added to them."""
        self._loaded = False

    async def load(self) -> AsyncGenerator[str, None]:
        """Give the lines, the newest first."""
        if not self._loaded:
            before = dict.fromkeys(self._loaded_strings)
            older = await asyncio.get_running_loop().run_in_executor(None, self._read)
            typed = [line for line in self._loaded_strings if line not in before]  # while they were being read
            found = [line for line in reversed(older) if line not in typed]
            known = set(found)
            self._loaded_strings = [*typed, *found, *(line for line in before if line not in known)]
            self._loaded = True
        for line in list(self._loaded_strings):
            yield line
        self._tell_loaded()

    def load_history_strings(self) -> Iterable[str]:
        """Give nothing: load does."""
        return ()

    def append_string(self, string: str) -> None:
        """Keep a line for this prompt, where it was typed last; none with a blank in front."""
        if not string.strip() or string[0].isspace():
            return
        if string in self._loaded_strings:
            self._loaded_strings.remove(string)
        super().append_string(string)

    def store_string(self, string: str) -> None:
        """Do nothing: it is stored when it runs."""


class Patience:
    """Has keys wait at the beginning of a prompt until the history is there: Up may have been typed ahead."""

    def __init__(self, app: Application[str], keys: LineInput) -> None:
        self._keys = keys
        self._begins = False
        self._limit: asyncio.TimerHandle | None = None  # ends the waiting; None when nothing waits
        app.after_render += self._rendered

    def begin(self) -> None:
        """Wait from the first sight of the prompt on, at which the editor asks for the history."""
        self._begins = True

    def end(self) -> None:
        """Wait no longer; keys that wait for something else go on doing so."""
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
            self._keys.go_on()

    def _rendered(self, app: Application[str]) -> None:
        if self._begins and app.loop is not None:
            self._begins = False
            self._keys.hold()
            self._limit = app.loop.call_later(MOST, self.end)


class Ghost(AutoSuggest):
    """Suggests the newest line that begins as what is typed.

    Attributes:
        enabled: whether it does.
    """

    def __init__(self) -> None:
        self.enabled = True

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """Give the rest of that line."""
        text = document.text
        if not self.enabled or not text.strip():
            return None
        for line in reversed(buffer.history.get_strings()):
            if line.startswith(text) and line != text:
                return Suggestion(line[len(text) :])
        return None
