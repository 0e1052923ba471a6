"""How much there is to send: counted ahead of a transfer, beside it, for whoever shows how long it will take."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import Final

from rsh.files.disk.descent import DIRECTORY_FLAGS, Descent
from rsh.files.disk.filter import Filter, Rules, make_filter
from rsh.files.disk.names import join
from rsh.files.disk.tree import Step, walk
from rsh.protocol.answer_records import Total

_TELL_EVERY: Final = 0.25  # seconds


def survey(
    paths: Sequence[bytes], *, directory: bytes = b"", rules: Rules = (), follow: bool = False
) -> Iterator[Total]:
    """Count what a transfer of some paths would send: totals so far, now and then, and the complete one last.

    What cannot be read is left out: the transfer itself names it.

    Args:
        directory: where relative paths start; b"" is the process's.
        rules: what is left out (rsh.files.disk.filter).
        follow: symlinks count as what they point to; a path with a slash at its end does so in any case.

    Raises:
        UsageError: a rule that means nothing; at once.
    """
    return _survey(paths, directory, _Counter(make_filter(rules), follow))


def _survey(paths: Sequence[bytes], directory: bytes, counter: _Counter) -> Iterator[Total]:
    for path in paths:
        try:
            yield from counter.source(join(directory, path))
        except OSError:
            continue
    yield Total(counter.items, counter.bytes, True)


class _Counter:
    def __init__(self, only: Filter | None, follow: bool) -> None:
        self._only = only
        self._follow = follow
        self.items = 0
        self.bytes = 0
        self._told = time.monotonic()

    def source(self, path: bytes) -> Iterator[Total]:
        """Count a source and what is below it."""
        try:
            status = os.stat(path, follow_symlinks=self._follow)
        except NotADirectoryError:
            path = path.rstrip(b"/")
            status = os.stat(path)
        if not stat.S_ISDIR(status.st_mode):
            if self._only is None or self._only.keeps(path.rpartition(b"/")[2]):
                self._add(status)
            return
        self.items += 1
        top = os.open(path, DIRECTORY_FLAGS & ~os.O_NOFOLLOW if self._follow else DIRECTORY_FLAGS)
        place = Descent(top, follow=self._follow)
        try:
            for step, name, _ in walk(place, self._only, follow=self._follow, parts=False):
                self._take(step, name, place.fd)
                if time.monotonic() - self._told >= _TELL_EVERY:
                    self._told = time.monotonic()
                    yield Total(self.items, self.bytes, False)
        finally:
            place.close()

    def _take(self, step: Step, name: bytes, fd: int) -> None:
        if step is Step.DIRECTORY or step is Step.SYMLINK:
            self.items += 1
        elif step is Step.FILE:
            try:
                self._add(os.stat(name, dir_fd=fd, follow_symlinks=self._follow))
            except OSError:
                return  # gone since

    def _add(self, status: os.stat_result) -> None:
        self.items += 1
        self.bytes += status.st_size if stat.S_ISREG(status.st_mode) else 0
