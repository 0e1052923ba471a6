"""The beginning of a living shell while the prompt is already there: what its rc files print comes above the prompt.

Whoever gives the shell a line before it is ready attends to its beginning first, keyboard and all: rc files may ask.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from rsh.client.shell.attended import Attended
from rsh.client.shell.living import LivingShell
from rsh.errors import RshError
from rsh.protocol.frames import Buffer
from rsh.session.deadline import NEVER, Deadline


class Beginning(Attended):
    """Reads what a shell prints before it waits for its first line; in the shape of a RunningLine for who attends.

    Attributes:
        over: the shell waits for a line, or has ended.
        error: why it could not begin.
    """

    def __init__(
        self, shell: LivingShell, show: Callable[[Buffer], None], tell: Callable[[RshError | None], None]
    ) -> None:
        """Begin to read, in a thread that ends with the shell's beginning.

        Args:
            show: takes the output while nobody attends; called by that thread.
            tell: is called when it is over and nobody has attended, with the error if there was one; likewise.
        """
        super().__init__(shell)
        self.over = False
        self.error: RshError | None = None
        self._show = show
        self._tell = tell
        self._lock = threading.Lock()  # guards _attended, and keeps output in order
        self._attended = False
        self._output: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ended = threading.Event()
        threading.Thread(target=self._read, name="shell beginning", daemon=True).start()

    def attend(self) -> bool:
        """Have the rest of the output for oneself; False when there is none left."""
        with self._lock:
            self._attended = not self.over
            return self._attended

    def wait_over(self, seconds: float) -> None:
        """Wait until it is over, so long at most."""
        self._ended.wait(seconds)

    def _read(self) -> None:
        try:
            while data := self._shell.next_output():
                self._hand(data)
            self._shell.wait_ready()
        except RshError as error:
            self.error = error
        with self._lock:
            self.over = True
            attended = self._attended
        self._output.put(b"")
        self._ended.set()
        if not attended:
            self._tell(self.error)

    def _hand(self, data: Buffer) -> None:
        with self._lock:
            if self._attended:
                self._output.put(bytes(data))
            else:
                self._show(data)

    # --- for who attends ---

    def read_stdout(self, deadline: Deadline = NEVER) -> Buffer:
        """Wait for output; b"" at its end."""
        return self._output.get()

    def wait(self, deadline: Deadline = NEVER) -> int:
        """Wait for its end; give the shell's status."""
        self._ended.wait(deadline.left())
        if self.error is not None:
            raise self.error
        return self._shell.status if self._shell.ended is None else self._shell.ended

    def close(self) -> None:
        """Give the shell up if it has not begun."""
        if not self.over:
            self._shell.close()
