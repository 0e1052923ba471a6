"""The daemon's log: lines on stderr, or JSON, with nothing of a peer's that could move a terminal's cursor.

Grammar of a line: time, level, who (address and session), then `>` sent, `<` received, `=` state, `!` error, and words.
"""

from __future__ import annotations

import logging
import sys
import time

import msgspec

from rsh.escape import printable

LEVELS = ("debug", "info", "warning", "error")


def set_up(level: str, *, as_json: bool) -> None:
    """Send the log of rsh to stderr.

    Args:
        level: one of LEVELS.
        as_json: one JSON object a line instead of text.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else TextLines())
    root = logging.getLogger("rsh")
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    root.propagate = False


def _moment(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"


class TextLines(logging.Formatter):
    """One line for people; the traceback of a bug follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """As logging.Formatter.format."""
        line = f"{_moment(record)} {record.levelname.lower():7} {printable(record.getMessage())}"
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += "".join(f"\n    {printable(text)}" for text in trace.splitlines())
        return line


class JsonLines(logging.Formatter):
    """One JSON object for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """As logging.Formatter.format."""
        entry = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "message": printable(record.getMessage()),
            "thread": record.threadName,
        }
        if record.exc_info:
            entry["traceback"] = printable(self.formatException(record.exc_info))
        return msgspec.json.encode(entry).decode()
