"""The lines that a shell is given: one at a time, in the order they came, whoever they are from."""

from collections import deque

from rsh.holder.client import Client

# Reports that are kept for clients that come back: each of them waits for one line at most.
KEPT = 64


class Line:
    """A line that waits or runs.

    Attributes:
        client: who gave it; None for the shell's own beginning.
        number: among that client's.
    """

    def __init__(self, client: Client | None, number: int, text: bytes) -> None:
        self.client = client
        self.number = number
        self.text = text


class Report:
    """A line that has ended, the sequence-th of all."""

    def __init__(self, line: Line, sequence: int, offset: int, status: int, directory: bytes) -> None:
        self.typist: Client | None = None  # who has typed what no program has read
        self.typed = 0  # bytes of input that had come from there
        self.unread = b""  # the end of them
        self.line = line
        self.sequence = sequence
        self.offset = offset
        self.status = status
        self.directory = directory


class Lines:
    """What waits, what runs, and what came of it.

    Attributes:
        running: the line that the shell has now; None while it waits for one.
        reports: the last ones.
        count: of all reports.
        size: bytes that wait.
    """

    def __init__(self) -> None:
        self.running: Line | None = Line(None, 0, b"")
        self.reports: deque[Report] = deque(maxlen=KEPT)
        self.count = 0
        self.size = 0
        self._waiting: deque[Line] = deque()

    def add(self, line: Line) -> None:
        """Queue a line."""
        self._waiting.append(line)
        self.size += len(line.text)

    @property
    def waits(self) -> bool:
        """Whether a line waits for its turn."""
        return bool(self._waiting)

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def next(self) -> "Line | None":
        """Give the line to start now, if the shell is free and one waits."""
        if self.running is not None or not self._waiting:
            return None
        self.running = self._waiting.popleft()
        self.size -= len(self.running.text)
        return self.running

    def end(self, offset: int, status: int, directory: bytes) -> "Report | None":
        """Make the report of the line that ran; None when none did: somebody wrote to the shell's descriptor."""
        if self.running is None:
            return None
        self.count += 1
        report = Report(self.running, self.count, offset, status, directory)
        report.line.text = b""  # Nobody wants it any more, and it may be long.
        self.reports.append(report)
        self.running = None
        return report
