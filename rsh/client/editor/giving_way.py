"""Has a prompt that waits for a line give way: for a moment, or for good. A screen module."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from prompt_toolkit.application import Application

from rsh.client.shell.shell import Called
from rsh.session.interrupts import Interrupts


class GivingWay:
    """What any thread, and a signal handler, may do to the prompt of an application.

    Attributes:
        interrupts: held from before a prompt begins until it is over: Ctrl-C is a key of the prompt, and would break
            off the making of its event loop, or the end of that, half way.
    """

    def __init__(self, app: Application[str]) -> None:
        self.interrupts = Interrupts()
        self._app = app
        self._called = False  # the prompt is to give way

    def call_away(self) -> None:
        """Have the prompt, or the next one, raise Called."""
        self._called = True
        if self._app.is_running and self._app.loop is not None:
            soon(self._app.loop, self.give_way)

    def begin(self) -> None:
        """Act on what has come while the prompt began."""
        if self.interrupts.came:
            self._app.exit(exception=KeyboardInterrupt(), style="class:aborting")
        else:
            self.give_way()

    def give_way(self) -> None:
        """Raise Called in the prompt if it was called; in its event loop only, and when a prompt begins."""
        app = self._app
        if self._called and app.is_running and not app.is_done:
            self._called = False
            app.exit(exception=Called(), style="class:exiting")

    def end(self, status: int) -> bool:
        """End the program if the prompt waits; False when it does not."""
        app = self._app
        return app.is_running and app.loop is not None and soon(app.loop, lambda: _exit(app, status))


def soon(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> bool:
    """Have something done by the prompt's event loop; False when that has just ended."""
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:
        return False
    return True


def _exit(app: Application[str], status: int) -> None:
    if app.is_running and not app.is_done:
        app.exit(exception=SystemExit(status), style="class:exiting")
