"""Walking a tree: depth first, in the order of bytes, never through a symlink, without opening what is no directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from typing import Final, TypeAlias

from rsh.errors import error_name
from rsh.files.descent import Descent
from rsh.files.filter import Filter


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


def walk(place: Descent, only: Filter | None = None, *, depth: int | None = None) -> Iterator[Found]:
    """Walk what is below the current directory of `place`, which moves along.

    Args:
        only: what is not left out; counted from where the descent began.
        depth: levels to look at, 1 is the current directory's own; None: all.

    A directory is yielded when it has been entered and read, and again when it has been left. What fails is yielded as
    UNREADABLE and the rest goes on.

    Raises:
        OSError: at once, when the first directory cannot be read.
    """
    return _walk(place, [_found(place, only)], only, depth)


def _walk(place: Descent, pending: list[Iterator[Found]], only: Filter | None, depth: int | None) -> Iterator[Found]:
    while pending:
        step, name, error = next(pending[-1], _END)
        if step is Step.DIRECTORY and depth is not None and len(pending) >= depth:
            step = Step.CLOSED
        elif step is Step.DIRECTORY:
            try:
                pending.append(_entered(place, name, only))
            except OSError as failed:
                step, error = Step.UNREADABLE, error_name(failed)
        elif step is Step.LEFT:
            pending.pop()
            if not pending:
                return
            name = place.names[-1]
            try:
                place.leave()
            except OSError as failed:
                yield Step.UNREADABLE, name, error_name(failed)
        yield step, name, error


_END: Final[Found] = (Step.LEFT, b"", "")


def _found(place: Descent, only: Filter | None) -> Iterator[Found]:
    names, others = scan(place.fd)
    if only is not None:
        above = b"".join(name + b"/" for name in place.names)
        directory = Step.DIRECTORY
        names = [name for name in names if only.keeps(above + name, directory=others.get(name) is directory)]
    return ((others.get(name, FILE), name, "") for name in names)


def _entered(place: Descent, name: bytes, only: Filter | None) -> Iterator[Found]:
    place.enter(name)
    try:
        return _found(place, only)
    except OSError:
        place.leave()
        raise
