"""Lines that do not come from a keyboard: read one by one, stopping at the first that fails (as `sftp -b`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Final

from msgspec import Struct

from rsh.client.terminal.passthrough import to_stdout
from rsh.client.text.syntax import Scan
from rsh.errors import UsageError

# What is written in front of a line that is told.
ECHO: Final = "rsh> "


class BatchLine(Struct, frozen=True):
    """One line to run: whole, without its prefixes.

    Attributes:
        forgiven: its failure does not stop the batch. silent: it is not told where lines are.
    """

    text: str
    forgiven: bool = False
    silent: bool = False


def batch_lines(lines: Iterable[str]) -> Iterator[BatchLine]:
    """Join lines that belong together and take prefixes off: `-` forgives, `@` is silent."""
    pending, delimiter = "", ""
    for line in lines:
        pending += line.rstrip("\n")
        if delimiter in ("", line.strip()):
            scan = Scan(_without_prefix(pending).lstrip().removeprefix("!"))
            delimiter = scan.heredoc
            if not scan.wants:
                yield _line(pending)
                pending = ""
                continue
        pending += "\n"
    if pending:
        # The shell over there says best what is missing.
        yield _line(pending.removesuffix("\n"))


def run_batch(
    lines: Iterable[str],
    run: Callable[[str], int],
    stops: Callable[[], bool] = lambda: True,
    echoes: Callable[[], bool] = lambda: False,
) -> int:
    """Run lines until one fails that is not forgiven; give its status, or 0.

    Args:
        stops: whether such a failure ends the batch; if not, the first one's status is given at the end.
        echoes: whether each line is told before it runs, as `sftp -b` does, but for the silent ones.
    """
    first = 0
    for line in batch_lines(lines):
        if echoes() and not line.silent:
            to_stdout(os.fsencode(f"{ECHO}{line.text}\n"))
        status = run(line.text)
        if status and not line.forgiven:
            first = first or status
            if stops():
                break
    return first


def lines_of(path: str) -> Iterator[str]:
    """Give the lines of a file, - for stdin, as they come.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with open(path, "rb") if path != "-" else nullcontext(sys.stdin.buffer) as file:
            yield from map(os.fsdecode, file)
    except OSError as error:
        raise UsageError(f"{path if path != '-' else 'stdin'}: {error.strerror}") from error


def _without_prefix(text: str) -> str:
    return text.lstrip().lstrip("-@") if _prefix(text) else text


def _line(text: str) -> BatchLine:
    prefix = _prefix(text)
    return BatchLine(_without_prefix(text), "-" in prefix, "@" in prefix)


def _prefix(text: str) -> str:
    """Give the - and @ in front of a line, in any order."""
    stripped = text.lstrip()
    return stripped[: len(stripped) - len(stripped.lstrip("-@"))]
