"""The completion that is at work: keys wait for it, a glyph turns, its answer may be late. A screen module."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.shortcuts import PromptSession

from rsh.client.editor.late_completion import LateCompletion
from rsh.client.editor.line_input import LineInput
from rsh.client.editor.name import Names
from rsh.client.editor.spinner import Spinner

# For how long keys wait for a completion at most, in seconds: a little more than that may take (names.BUDGET).
HOLD: Final = 0.4


class Completing:
    """What completes the line of a prompt just now."""

    def __init__(self, session: PromptSession[str], keys: LineInput, names: Names) -> None:
        self._app = session.app
        self._buffer = session.default_buffer
        self._keys = keys
        self._tasks: set[asyncio.Task[Any]] = set()  # at work
        self._late = LateCompletion(session, names)
        self._spinner = Spinner(self._app, lambda: bool(self._tasks) or self._late.waits)

    @property
    def waits(self) -> bool:
        """Whether a late answer is waited for."""
        return self._late.waits

    @property
    def glyph(self) -> str:
        """What turns meanwhile; "" for nothing."""
        return self._spinner.glyph

    def begin_line(self) -> None:
        """Have nothing to do with the last line any more."""
        self._spinner.begin_line()

    def give_up(self) -> None:
        """Wait for the answer no longer."""
        self._late.give_up()

    def answered(self) -> None:
        """Go on if an answer was waited for; called by any thread."""
        self._late.answered()

    def hold_keys(self, tasks: Iterable[asyncio.Task[Any]]) -> None:
        """Have keys wait for a completion, as at a shell of this machine: what they do depends on it.

        Args:
            tasks: complete the line.
        """
        begun = set(tasks)
        self._tasks |= begun
        self._spinner.start()
        if begun and self._app.loop is not None:
            self._keys.hold()
            limit = self._app.loop.call_later(HOLD, self._keys.go_on)
            for task in begun:
                task.add_done_callback(lambda done: self._complete(done, limit))

    def _complete(self, task: asyncio.Task[Any], limit: asyncio.TimerHandle) -> None:
        """Go on with the keys: the line is completed."""
        self._tasks.discard(task)
        limit.cancel()
        accept_only(self._buffer)
        self._keys.go_on()


def accept_only(buffer: Buffer) -> None:
    """Be done with a completion that was the only one: it is in the line, and Enter is to run that."""
    state = buffer.complete_state
    if state is not None and len(state.completions) == 1 and state.complete_index == 0:
        buffer.complete_state = None
