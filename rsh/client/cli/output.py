"""Writes lines to stdout; surrogates in them become the bytes that they stand for again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rsh.client.cli.context import Context
from rsh.client.text.colors import wants_color
from rsh.errors import FileError, error_name


def print_lines(lines: Iterable[str]) -> None:
    """Print lines on stdout. Raises what `writing` does."""
    with writing():
        for line in lines:
            sys.stdout.buffer.write(_encode(line) + b"\n")


@contextmanager
def writing() -> Iterator[None]:
    """Write to stdout.

    Raises:
        BrokenPipeError: nobody reads it; the program ends as others do whose reader has left.
        FileError: it takes no more.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileError(error_name(error), b"write error") from error


def stdout_is_terminal() -> bool:
    """Say whether stdout is a terminal, which names must not reach unescaped."""
    try:
        return os.isatty(1)
    except OSError:
        return False


def colored(context: Context) -> bool:
    """Say whether this command's output is coloured."""
    return wants_color(context.color, terminal=stdout_is_terminal())


def _encode(text: str) -> bytes:
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:  # a locale that has not got the letter
        return text.encode(errors="surrogateescape")
