"""A net for bugs in threads: a trace on a raw terminal is torn, and tears what is shown; and who waits for what the
thread was to do would wait for ever, with the terminal raw.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

# How the names of threads begin without which a terminal is of no use: the rest have nets of their own, or only help.
VITAL: Final = ("exec", "keyboard", "shell")


class Crashes:
    """While entered, a thread that fails prints nothing, and the program ends as by SIGTERM if it cannot do without.

    Attributes:
        debug: print the trace all the same.
        first: what the first one has failed with.
    """

    def __init__(self, *, debug: bool = False) -> None:
        self.debug = debug
        self.first: BaseException | None = None
        self._before = threading.excepthook

    def __enter__(self) -> Crashes:
        self._before = threading.excepthook
        threading.excepthook = self._note
        return self

    def __exit__(self, *exception: object) -> None:
        threading.excepthook = self._before

    def _note(self, crash: threading.ExceptHookArgs) -> None:
        if self.debug:
            self._before(crash)
        self.first = self.first or crash.exc_value
        if crash.thread is not None and crash.thread.name.startswith(VITAL):
            os.kill(os.getpid(), signal.SIGTERM)  # Its handlers know how to leave the terminal as it was.
