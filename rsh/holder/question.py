"""A question to the shell while it waits for a line: how a command line could go on (bash/complete, zsh/complete).

The shell answers in a copy of itself, so that nothing it does is left behind, into a pipe of the question's own. It has
little time; and a line of the user's goes first.
"""

import os
import time

# How long an answer may take, in seconds, and what it may be long, in bytes.
PATIENCE = 5.0
LONGEST = 512 * 1024

# Behind the last answer.
END = b".\0"

KINDS = (b"command", b"variable", b"value", b"argument")


class Question:
    """One question and what has been answered.

    Attributes:
        answer: the answers so far.
        over: nothing more comes.
        asked: the shell has read the question, and whatever stands behind it comes next.
    """

    def __init__(self, kind: bytes, text: bytes) -> None:
        self.kind = kind
        self.text = text
        self.answer = b""
        self.over = False
        self.asked = False
        self._until = time.monotonic() + PATIENCE
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        self.path = f"/proc/{os.getpid()}/fd/{self._writing}"

    def fileno(self) -> int:
        """Give the descriptor to wait for."""
        return self._reading

    @property
    def left(self) -> float:
        """Seconds that are left to answer it."""
        return max(self._until - time.monotonic(), 0.0)

    def read(self) -> None:
        """Take what has been answered."""
        try:
            self.answer += os.read(self._reading, 64 * 1024)
        except BlockingIOError:
            pass
        ended = self.answer == END or self.answer.endswith(b"\0" + END)
        self.over |= ended or len(self.answer) > LONGEST

    def close(self) -> bytes:
        """Give the answers that came whole, and be done."""
        os.close(self._reading)
        os.close(self._writing)
        return self.answer[: self.answer.rfind(b"\0") + 1].removesuffix(END)
