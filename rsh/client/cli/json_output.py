"""JSON for programs: one object a line, exact numbers, and bytes that are no UTF-8 kept beside in base64."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec

from rsh.client.cli.output import writing
from rsh.errors import FileError
from rsh.escape import printable

if TYPE_CHECKING:
    from rsh.protocol.answer_records import Entry


def text_fields(name: str, data: bytes) -> dict[str, str]:
    """Give bytes as text under `name`; when they are no UTF-8, readably, and exactly under `name`_base64."""
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        from base64 import b64encode

        return {name: data.decode(errors="replace"), f"{name}_base64": b64encode(data).decode()}


def entry_fields(entry: Entry) -> dict[str, Any]:
    """Give all about a file."""
    fields: dict[str, Any] = {
        **text_fields("name", entry.name),
        **text_fields("path", entry.path),
        "kind": entry.kind,
        "size": entry.size,
        "mode": f"{entry.mode & 0o7777:04o}",
        "mtime_ns": entry.mtime_ns,
        "owner": entry.owner,
        "group": entry.group,
        "uid": entry.uid,
        "gid": entry.gid,
        "links": entry.links,
        "inode": entry.inode,
        "blocks": entry.blocks,
    }
    return fields | (text_fields("target", entry.target) if entry.target else {})


def failure_fields(error: FileError) -> dict[str, str]:
    """Give a failure with the name of its error, which does not change with the language."""
    return {**text_fields("path", error.path), "error": error.error, "message": error.reason}


def print_object(fields: dict[str, Any]) -> None:
    """Print one object as a line on stdout. Raises what `writing` does."""
    with writing():
        sys.stdout.buffer.write(_inert(msgspec.json.encode(fields)) + b"\n")
        sys.stdout.buffer.flush()


def _inert(line: bytes) -> bytes:
    """Escape also what JSON would let stand, but a terminal obeys: names are of unknown origin here as anywhere."""
    text = line.decode()
    if text.isprintable():
        return line
    return "".join([each if printable(each) == each else f"\\u{ord(each):04x}" for each in text]).encode()
