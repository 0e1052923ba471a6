"""Walking a tree: depth first, in the order of bytes, never through a symlink, without opening what is no directory."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from enum import Enum
from typing import Final, TypeAlias

from rsh.errors import error_name
from rsh.files.disk.descent import Descent
from rsh.files.disk.filter import Filter
from rsh.files.disk.part_names import is_part


class Step(Enum):
    """What a walk comes across."""

    FILE = "a regular file"
    DIRECTORY = "a directory; the walk now stands in it"
    CLOSED = "a directory that is not entered: the walk goes no deeper"
    LEFT = "that directory again; the walk stands above it"
    SYMLINK = "a symlink"
    SPECIAL = "a FIFO, socket or device"
    UNREADABLE = "a directory that cannot be entered, or left in good order"


# What was found, its name, and for UNREADABLE the symbolic name of the error.
Found: TypeAlias = tuple[Step, bytes, str]

FILE: Final = Step.FILE


def scan(fd: int) -> tuple[list[bytes], dict[bytes, Step]]:
    """Give the sorted names in an open directory, and what those are that are no regular files.

    Raises:
        OSError: the directory cannot be read.
    """
    names: list[bytes] = []
    others: dict[bytes, Step] = {}
    with os.scandir(fd) as entries:
        for entry in entries:
            name = os.fsencode(entry.name)
            names.append(name)
            if not entry.is_file(follow_symlinks=False):
                others[name] = _step(entry)
    names.sort()
    return names, others


def _step(entry: os.DirEntry[str]) -> Step:
    if entry.is_dir(follow_symlinks=False):
        return Step.DIRECTORY
    return Step.SYMLINK if entry.is_symlink() else Step.SPECIAL


def walk(
    place: Descent,
    only: Filter | None = None,
    *,
    depth: int | None = None,
    follow: bool = False,
    parts: bool = True,
) -> Iterator[Found]:
    """Walk what is below the current directory of `place`, which moves along.

    Args:
        only: what is not left out; counted from where the descent began.
        depth: levels to look at, 1 is the current directory's own; None: all.
        follow: take symlinks for what they point to, and a dangling one for itself; `place` has to follow as well. A
            directory that is inside of itself is UNREADABLE.
        parts: with what transfers have under way or left (part_names.py), which nobody wants to have copied.

    A directory is yielded when it has been entered and read, and again when it has been left. What fails is yielded as
    UNREADABLE and the rest goes on.

    Raises:
        OSError: at once, when the first directory cannot be read.
    """
    reading = _Reading(place, only, follow, parts)
    return _walk(reading, [reading.found()], depth)


def _walk(reading: _Reading, pending: list[Iterator[Found]], depth: int | None) -> Iterator[Found]:
    place = reading.place
    while pending:
        step, name, error = next(pending[-1], _END)
        if step is Step.DIRECTORY and depth is not None and len(pending) >= depth:
            step = Step.CLOSED
        elif step is Step.DIRECTORY:
            try:
                pending.append(reading.entered(name))
            except OSError as failed:
                step, error = Step.UNREADABLE, error_name(failed)
        elif step is Step.LEFT:
            pending.pop()
            if not pending:
                return
            name = place.names[-1]
            try:
                reading.leave()
            except OSError as failed:
                yield Step.UNREADABLE, name, error_name(failed)
        yield step, name, error


_END: Final[Found] = (Step.LEFT, b"", "")


class _Reading:
    """Reads the directories that a walk comes to."""

    def __init__(self, place: Descent, only: Filter | None, follow: bool, parts: bool) -> None:
        self.place = place
        self._only = only
        self._follow = follow
        self._parts = parts
        self._above = [_identity(place.fd)] if follow else []  # directories that we are in

    def found(self) -> Iterator[Found]:
        """Read the current directory."""
        names, others = scan(self.place.fd)
        if not self._parts:
            names = [name for name in names if not is_part(name) or others.get(name) is Step.DIRECTORY]
        if self._follow:
            _follow(self.place.fd, others)
        if self._only is not None:
            keeps, directory = self._only.keeps, Step.DIRECTORY
            above = b"".join(name + b"/" for name in self.place.names)
            names = [name for name in names if keeps(above + name, directory=others.get(name) is directory)]
        return ((others.get(name, FILE), name, "") for name in names)

    def entered(self, name: bytes) -> Iterator[Found]:
        """Go into a directory and read it."""
        self.place.enter(name)
        try:
            if self._follow and _identity(self.place.fd) in self._above:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            found = self.found()
            if self._follow:
                self._above.append(_identity(self.place.fd))
            return found
        except OSError:
            self.place.leave()
            raise

    def leave(self) -> None:
        """Go up. Raises OSError."""
        if self._follow:
            self._above.pop()
        self.place.leave()


def _identity(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def _follow(fd: int, others: dict[bytes, Step]) -> None:
    """Take symlinks for what they point to."""
    for name in [name for name, step in others.items() if step is Step.SYMLINK]:
        try:
            mode = os.stat(name, dir_fd=fd).st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode):
            del others[name]
        else:
            others[name] = Step.DIRECTORY if stat.S_ISDIR(mode) else Step.SPECIAL
