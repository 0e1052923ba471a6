"""What stands in front of the cursor: account, host, directory, and the last status when it was not 0 (R7)."""

from __future__ import annotations

import zlib
from typing import Final, TypeAlias

from msgspec import Struct

from rsh.client.columns import text_width
from rsh.escape import printable

# (class, text) pairs, as prompt_toolkit takes them; without the classes, the prompt of a screen without colour.
Fragments: TypeAlias = list[tuple[str, str]]

HOST_COLORS: Final = 6  # how many classes host0, host1 ... there are
_LEAST_ROOM: Final = 12  # columns that a directory may always take


class Place(Struct, frozen=True):
    """Where the prompt stands.

    Attributes:
        account, host: whose and which machine's shell it is.
        directory, home: over there.
        status: of the last line.
    """

    account: str
    host: str
    directory: bytes
    home: bytes
    status: int = 0


def fragments(place: Place, columns: int) -> Fragments:
    """Give the prompt, for a screen of that many columns."""
    short = printable(place.host.partition(".")[0] or place.host)
    directory = shortened(tilde(place.directory, place.home), max(_LEAST_ROOM, columns // 3))
    status = [("class:prompt.status", f" {place.status}")] if place.status else []
    return [
        ("class:prompt.account", printable(place.account) + "@"),
        (f"class:prompt.host{color_of(place.host)}", short),
        ("class:prompt", ":"),
        ("class:prompt.directory", directory),
        *status,
        ("class:prompt", "# " if place.account == "root" else "$ "),
    ]


def color_of(host: str) -> int:
    """Give a host the same one of a few colours always."""
    return zlib.crc32(host.encode("utf-8", "surrogateescape")) % HOST_COLORS


def tilde(directory: bytes, home: bytes) -> str:
    """Give a directory as shells show it, printable, with ~ for the home."""
    if not directory or directory == home:
        return "~"
    if len(home) > 1 and directory.startswith(home + b"/"):
        return "~" + printable(directory[len(home) :])
    return printable(directory)


def shortened(directory: str, room: int) -> str:
    """Leave out of a directory's middle what does not fit into so many columns; the last component always stays."""
    if text_width(directory) <= room:
        return directory
    first, slash, rest = directory.partition("/")
    parts = rest.split("/")
    while len(parts) > 1:
        parts.pop(0)
        shown = f"{first}{slash}…/{'/'.join(parts)}"
        if text_width(shown) <= room:
            return shown
    return f"…/{parts[-1]}"
