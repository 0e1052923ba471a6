"""What a job prints while the prompt is shown: whole lines go above it, and a line that has no end yet is part of it.

So a line that comes in pieces stays one line, and the prompt stays below it. A screen module.
"""

from __future__ import annotations

import re
import threading
from typing import Final

from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples, to_formatted_text

# A line without an end that is longer is printed as if it had one, in bytes.
LONGEST: Final = 4096

_SEEN: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x1f]")


class Above:
    """The line that has no end yet. Its methods are called by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows
        self._line = b""
        self._drawn = b""  # as much of it as the screen shows

    def take(self, data: bytes) -> bytes:
        """Take output; give what is to be printed now: whole lines, and what nobody can see, such as a bell."""
        with self._lock:
            whole, end, rest = (self._line + data).rpartition(b"\n")
            self._line = rest if len(rest) <= LONGEST else b""
            if not _SEEN.sub(b"", rest):
                self._line = b""
                return whole + end + rest
            return whole + end + (b"" if self._line else rest + b"\r\n")

    def fragments(self) -> StyleAndTextTuples:
        """Give the line as the prompt shows it, with what ends it; its last state if it redraws itself."""
        with self._lock:
            self._drawn = self._line
            if not self._line:
                return []
            text = self._line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
        return [*to_formatted_text(ANSI(text)), ("", "\n")]

    def end(self) -> bytes:
        """Begin anew, for the prompt is over; give what of the line it has not shown."""
        with self._lock:
            line, self._line = self._line, b""
            drawn, self._drawn = self._drawn, b""
            missing = line[len(drawn) :] if line.startswith(drawn) else line
            return missing + b"\r\n" if missing else b""
