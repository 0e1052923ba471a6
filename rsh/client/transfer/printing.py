"""Printing while a transfer runs: what stdout does not take ends it, and is no failure of the file at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rsh.errors import FileError
from rsh.files.transfer.report import Abandoned


@contextmanager
def abandoning() -> Iterator[None]:
    """Print within a transfer, in any of its threads; raise Abandoned when that fails."""
    try:
        yield
    except (OSError, FileError) as error:
        raise Abandoned from error


@contextmanager
def caring() -> Iterator[None]:
    """Make a transfer; raise why it was abandoned if it is, as whatever prints does (rsh.client.cli.output.writing)."""
    try:
        yield
    except Abandoned as abandoned:
        assert abandoned.__cause__ is not None
        raise abandoned.__cause__ from None
