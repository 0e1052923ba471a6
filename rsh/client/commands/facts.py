"""`rsh stat` and `rsh sum`: what is so about files over there."""

from __future__ import annotations

import os
import stat
from typing import Final

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines, stdout_is_terminal
from rsh.client.text.complaints import complain
from rsh.client.text.listing import Style, show_name
from rsh.client.text.units import full_time
from rsh.errors import file_error
from rsh.escape import printable
from rsh.protocol.answer_records import Entry
from rsh.protocol.record_stream import Failure

_KINDS: Final = {
    "file": "regular file",
    "symlink": "symbolic link",
    "fifo": "fifo",
    "character": "character special file",
    "block": "block special file",
}


def run_stat(context: Context, options: Options) -> int:
    """Print all about files; 1 when some could not be looked at."""
    status = 0
    style = Style(terminal=stdout_is_terminal())
    for record in context.remote.scan(*options.paths, itself=True, follow=options.follow):
        if isinstance(record, Failure):
            status = 1
            complain(context.verb, file_error(record.error, record.path))
        elif not isinstance(record, Entry):
            continue
        elif options.json:
            from rsh.client.cli.json_output import entry_fields, print_object

            print_object(entry_fields(record))
        else:
            print_lines(stat_lines(record, style))
    return status


def stat_lines(entry: Entry, style: Style) -> list[str]:
    """Give what stat(1) tells, as far as it travels."""
    name = show_name(entry.path, style)
    if entry.kind == "symlink":
        name += f" -> {show_name(entry.target, style)}"
    kind = "regular empty file" if entry.kind == "file" and not entry.size else _KINDS.get(entry.kind, entry.kind)
    mode = f"{entry.mode & 0o7777:04o}/{stat.filemode(entry.mode)}"
    owner, group = printable(entry.owner), printable(entry.group)
    return [
        f"  File: {name}",
        f"  Size: {entry.size:<15} Blocks: {entry.blocks:<10} {kind}",
        f" Inode: {entry.inode:<15} Links: {entry.links}",
        f"Access: ({mode})  Uid: ({entry.uid:>5}/{owner:>8})   Gid: ({entry.gid:>5}/{group:>8})",
        f"Modify: {full_time(entry.mtime_ns)}",
    ]


def run_sum(context: Context, options: Options) -> int:
    """Print digests as sha256sum does; 1 when some file could not be read."""
    status = 0
    style = Style(terminal=stdout_is_terminal())
    for record in context.remote.sum(*options.paths, algorithm=options.algorithm):
        if isinstance(record, Failure):
            status = 1
            complain(context.verb, file_error(record.error, record.path))
        elif options.json:
            from rsh.client.cli.json_output import print_object, text_fields

            fields = {"algorithm": record.algorithm, "digest": record.digest.hex()}
            print_object({**text_fields("path", record.path), **fields})
        else:
            print_lines([sum_line(record.path, record.digest, style)])
    return status


def sum_line(path: bytes, digest: bytes, style: Style) -> str:
    """Give the line of a digest: as `sha256sum -c` reads it, on a terminal as one can paste the name."""
    if style.terminal:
        return f"{digest.hex()}  {show_name(path, style)}"
    if any(byte in path for byte in b"\\\n\r"):
        path = path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        return f"\\{digest.hex()}  {os.fsdecode(path)}"
    return f"{digest.hex()}  {os.fsdecode(path)}"
