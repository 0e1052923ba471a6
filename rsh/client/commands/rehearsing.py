"""What mv, cp, ln, chmod, chown and mkdir would do: told by what is there, and nothing is changed (-n)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from rsh.client.cli.context import Context
from rsh.client.cli.output import print_lines
from rsh.client.text.complaints import complain
from rsh.client.text.units import amount
from rsh.errors import FileError, file_error
from rsh.escape import shell_quoted
from rsh.protocol.answer_records import Entry, Measured
from rsh.protocol.record_stream import Failure

_DOES: Final = {"mv": "move", "cp": "copy", "ln": "link"}


def rehearse_placing(context: Context, sources: Sequence[str], target: str, *, looks: bool = True) -> int:
    """Say where sources would go, by the rules of cp(1); 1 when one is not there, or they cannot all have one name.

    Args:
        target: with a slash at its end it has to be a directory.
        looks: the sources have to be there; a symbolic link may lead to nothing.
    """
    names, failed = _look(context, sources) if looks else ([os.fsencode(source) for source in sources], [])
    into = _is_directory(context, target)
    if not into and (target.endswith("/") or len(names) > 1):
        failed.append(FileError("ENOTDIR", os.fsencode(target)))
        names = []
    top = os.fsencode(target)
    places = [os.path.join(top, os.path.basename(name.rstrip(b"/"))) if into else top for name in names]
    there = _there(context, places)
    for name, place in zip(names, places, strict=True):
        over = ", which is there" if place in there else ""
        print_lines([f"would {_DOES[context.verb]} {shell_quoted(name)} to {shell_quoted(place)}{over}"])
    return _finish(context, failed)


def rehearse_setting(context: Context, what: str, paths: Sequence[str], *, recursive: bool) -> int:
    """Say what would be set of which files, and how many that are; 1 when one is not there."""
    failed: list[FileError] = []
    for record in context.remote.du(*paths):
        if isinstance(record, Failure):
            failed.append(file_error(record.error, record.path))
        else:
            print_lines([f"would set {what} of {_measured(record, recursive)}"])
    return _finish(context, failed)


def rehearse_mkdir(context: Context, paths: Sequence[str], *, parents: bool) -> int:
    """Say which directories would be made; 1 when one could not be."""
    failed: list[FileError] = []
    for path in paths:
        name = os.fsencode(path.rstrip("/") or "/")
        above = os.path.dirname(name) or b"."
        if _there(context, [name]):
            failed += [] if parents and _is_directory(context, path) else [FileError("EEXIST", name)]
        elif not parents and not _is_directory(context, os.fsdecode(above)):
            failed.append(FileError("ENOENT", name))
        else:
            print_lines([f"would make {shell_quoted(name)}"])
    return _finish(context, failed)


def _measured(record: Measured, recursive: bool) -> str:
    several = f" ({record.files} files, {amount(record.bytes)})" if recursive and record.files > 1 else ""
    return f"{shell_quoted(record.path)}{several}"


def _look(context: Context, paths: Sequence[str]) -> tuple[list[bytes], list[FileError]]:
    """Give what paths and patterns name, and what is not there."""
    found: list[bytes] = []
    failed: list[FileError] = []
    for record in context.remote.scan(*paths, itself=True):
        if isinstance(record, Failure):
            failed.append(file_error(record.error, record.path))
        elif isinstance(record, Entry):
            found.append(record.path)
    return found, failed


def _there(context: Context, paths: Sequence[bytes]) -> set[bytes]:
    """Give those paths at which there is something."""
    records = context.remote.scan(*paths, itself=True) if paths else ()
    return {record.path for record in records if isinstance(record, Entry)}


def _is_directory(context: Context, path: str) -> bool:
    records = list(context.remote.scan(path, itself=True, follow=True))
    return any(isinstance(record, Entry) and record.kind == "directory" for record in records)


def _finish(context: Context, failed: Sequence[FileError]) -> int:
    for error in failed:
        complain(context.verb, error)
    return 1 if failed else 0
