"""From what a user typed to paths: `~`, `~user` and patterns."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from rsh.files.disk.names import has_magic, join

# A longer pattern matches no name but its own, in bytes: names have 255.
MAX_PATTERN: Final = 4096

_DEEP: Final = b"**"  # this directory, and all below it

# A sign of a pattern that stands for itself.
_PROTECTED: Final = re.compile(rb"\[([*?[])\]")


def expand(patterns: Sequence[bytes], *, directory: bytes = b"") -> list[bytes]:
    """Expand home directories and patterns (`*`, `?`, `[...]`, `**`), in order.

    A name that exists is taken literally whatever signs are in it, and a pattern that matches nothing stays as it is,
    to be reported as missing by whoever uses it; one whose signs are all in brackets, as quoting makes them, is the
    name that it stands for. Hidden files have to be asked for with a leading dot.

    Args:
        directory: where relative patterns start; b"" is the process's. The results stay relative.
    """
    paths: list[bytes] = []
    for pattern in patterns:
        paths += _expand_one(expand_home(pattern), directory)
    return paths


def matcher(pattern: bytes) -> Callable[[bytes], object]:
    """Give what tells whether a name matches a pattern, as fnmatchcase() of fnmatch does.

    That would keep each of 32,768 patterns that anybody has ever asked for, however long, and never let go of them.
    """
    if len(pattern) > MAX_PATTERN:
        return lambda name: name == pattern
    from fnmatch import translate

    return re.compile(translate(pattern.decode("latin-1")).encode("latin-1")).match


def expand_home(path: bytes) -> bytes:
    """Replace a leading `~` or `~user`; an unknown user's stays as it is."""
    return os.path.expanduser(path) if path.startswith(b"~") else path


def _expand_one(pattern: bytes, directory: bytes) -> list[bytes]:
    if not has_magic(pattern) or os.path.lexists(join(directory, pattern)):
        return [pattern]
    found = sorted(_found(pattern, directory))
    return found or [_PROTECTED.sub(rb"\1", pattern) if not has_magic(_PROTECTED.sub(b"", pattern)) else pattern]


def _found(pattern: bytes, directory: bytes) -> set[bytes]:
    """Give what a pattern matches.

    As in bash, `**` leads through no symlink: one that leads to the directory above it would do so for ever. And
    whatever way a directory is found by, it is looked into once for each part of the pattern.
    """
    *above, last = pattern.split(b"/")
    places = {b"/" if pattern.startswith(b"/") else b""}
    for part in above:
        if part == _DEEP:
            places |= {path + b"/" for path, is_directory in _below(places, directory) if is_directory}
        elif part:
            named = _named(part, places, directory)
            places = {path + b"/" for path in named if os.path.isdir(join(directory, path))}
    if last == _DEEP:
        return places - {b""} | {path for path, _ in _below(places, directory)}
    return _named(last, places, directory) if last else places - {b""}


def _named(part: bytes, places: Iterable[bytes], directory: bytes) -> set[bytes]:
    """Give what in some directories matches one part of a pattern."""
    if not has_magic(part):
        return {place + part for place in places if os.path.lexists(join(directory, place + part))}
    hidden, matches = part.startswith(b"."), matcher(part)
    return {
        path
        for place in places
        for path, name, _ in _entries(place, directory)
        if matches(name) and (hidden or not name.startswith(b"."))
    }


def _below(places: Iterable[bytes], directory: bytes) -> Iterator[tuple[bytes, bool]]:
    """Give what is below some directories, but for what is hidden, and whether it is a directory itself."""
    left, seen = list(places), set(places)
    while left:
        for path, name, is_directory in _entries(left.pop(), directory):
            if name.startswith(b"."):
                continue
            yield path, is_directory
            if is_directory and path + b"/" not in seen:
                seen.add(path + b"/")
                left.append(path + b"/")


def _entries(place: bytes, directory: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Give path, name and kind of all that is in a directory; nothing if it cannot be read."""
    try:
        with os.scandir(join(directory, place) or b".") as entries:
            for entry in entries:
                yield place + entry.name, entry.name, entry.is_dir(follow_symlinks=False)
    except OSError:
        return
