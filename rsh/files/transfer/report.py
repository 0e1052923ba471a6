"""What comes of a transfer: the Report at its end, and the Progress on its way."""

from __future__ import annotations

from typing import Final

from rsh.errors import Conflict, DigestMismatch, FileError

# Failures kept with their paths; what is beyond is only counted, so that a broken tree of a million files stays small.
MAX_LISTED: Final = 10_000
MAX_LISTED_BYTES: Final = 4 * 1024 * 1024  # of their paths: a peer may send long ones


class Abandoned(Exception):
    """Nobody wants the transfer any more: raised by a Progress, handed to whoever called. The cause says why."""


class Progress:
    """Hears of a transfer as it runs; this one ignores it all. Derive from it.

    The methods are called by the threads of the transfer, `failed`, `completed` and `arrived` possibly by another one
    than the rest. They must not block. What they raise ends the transfer; let it be Abandoned, as an OSError would be
    taken for that of a file.
    """

    def started(self, path: bytes, size: int) -> None:
        """A file too large to be packed begins."""

    def moved(self, count: int) -> None:
        """So many more bytes of content were sent or received."""

    def arrived(self, count: int) -> None:
        """So many bytes in all, of those sent, have come to the receiver; called of a sender only, first with 0."""

    def reused(self, count: int) -> None:
        """So many bytes of content need not be moved: they are there already."""

    def passed(self, items: int, size: int) -> None:
        """So many items of a sync, with so much content, were found to be alike already."""

    def completed(self, items: int) -> None:
        """So many files, directories and links in all have been dealt with at the receiver."""

    def failed(self, error: FileError) -> None:
        """One path failed; the rest goes on."""

    def restarted(self) -> None:
        """The daemon was restarted: it all begins anew, and what has arrived will be found there."""

    def planned(self, action: str, path: bytes, size: int, origin: bytes = b"") -> None:
        """This is done, or in a rehearsal would be, with a path of the target.

        Args:
            action: a value of rsh.files.transfer.conflicts.Action; in a sync as rsh.files.sync.itemize says.
            origin: the file of the target whose content it gets; b"" for none.
        """


class Report:
    """The result of a transfer.

    Attributes:
        files: regular files and symlinks put in place.
        bytes: content of those files.
        failures: what failed, each with its path; at most MAX_LISTED.
        failed: how many failed in all.
        deleted: files and trees that a sync has removed.
        skipped: files that were there already and stayed as they were, because the policy says so.
    """

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0
        self.failures: list[FileError] = []
        self.failed = 0
        self.skipped = 0
        self.deleted = 0
        self._room = MAX_LISTED_BYTES

    def __repr__(self) -> str:
        return f"<Report: {self.files} files, {self.bytes} bytes, {self.failed} failed>"

    @property
    def ok(self) -> bool:
        """Tell whether everything arrived."""
        return self.failed == 0

    @property
    def exit_status(self) -> int:
        """Give what a command exits with: 0, 1 some failed, 3 a digest was wrong, 4 a conflict."""
        for kind in (DigestMismatch, Conflict):
            if any(isinstance(error, kind) for error in self.failures):
                return kind.exit_status
        return 1 if self.failed else 0

    def add_failure(self, error: FileError) -> None:
        """Count a failure, and list it if there is room; what was skipped is none."""
        if error.error == "ESKIPPED":
            self.skipped += 1
            return
        self.failed += 1
        self._room -= len(error.path)
        if len(self.failures) < MAX_LISTED and self._room >= 0:
            self.failures.append(error)

    def merge_failures(self, other: Report) -> None:
        """Add the failures of another report."""
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures[: MAX_LISTED - len(self.failures)]
