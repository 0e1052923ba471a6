"""What stands in front of the cursor, by a format of codes (R7).

%u account   %h host, short   %H host, whole   %d directory, short   %D directory, whole   %$ # for root, else $
%s last status   %j background jobs   %l state of the link: nothing when there is none, else a blank first
%t time   %n a new line   %% a percent sign
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import Struct

from rsh.client.text.columns import text_width
from rsh.escape import printable

# (class, text) pairs, as prompt_toolkit takes them; without the classes, the prompt of a screen without colour.
Fragments: TypeAlias = list[tuple[str, str]]

HOST_COLORS: Final = 6  # how many classes host0, host1 ... there are
DEFAULT: Final = "%u@%h:%d%l%s%j%$ "
_LEAST_ROOM: Final = 12  # columns that a directory may always take
_CODE: Final = re.compile(r"%(.)|([^%]+)|%\Z", re.DOTALL)


class Place(Struct, frozen=True):
    """Where the prompt stands.

    Attributes:
        account, host: whose and which machine's shell it is.
        directory, home: over there.
        status: of the last line.
        jobs: how many work in the background.
        link: the state of the link in a few words; "" when all is well.
    """

    account: str
    host: str
    directory: bytes
    home: bytes
    status: int = 0
    jobs: int = 0
    link: str = ""


def fragments(place: Place, columns: int, form: str = DEFAULT) -> Fragments:
    """Give the prompt, for a screen of that many columns; what is no code stands for itself."""
    found: Fragments = []
    for code, plain in _CODE.findall(form):
        make = _CODES.get(code)
        found += make(place, columns) if make else [("class:prompt", plain or "%" + code.removeprefix("%"))]
    return [(style, text) for style, text in found if text]


def _account(place: Place, columns: int) -> Fragments:
    return [("class:prompt.account", printable(place.account))]


def _host(place: Place, columns: int) -> Fragments:
    short = place.host if place.host[:1].isdigit() else place.host.partition(".")[0] or place.host
    return [(f"class:prompt.host{color_of(place.host)}", printable(short))]


def _whole_host(place: Place, columns: int) -> Fragments:
    return [(f"class:prompt.host{color_of(place.host)}", printable(place.host))]


def _directory(place: Place, columns: int) -> Fragments:
    shown = shortened(tilde(place.directory, place.home), max(_LEAST_ROOM, columns // 3))
    return [("class:prompt.directory", shown)]


def _whole_directory(place: Place, columns: int) -> Fragments:
    return [("class:prompt.directory", printable(place.directory or place.home))]


def _status(place: Place, columns: int) -> Fragments:
    return [("class:prompt.status", f" {place.status}" if place.status else "")]


def _jobs(place: Place, columns: int) -> Fragments:
    return [("class:prompt.jobs", f" {{{place.jobs}}}" if place.jobs else "")]


def _link(place: Place, columns: int) -> Fragments:
    return [("class:prompt.link", f" ({printable(place.link)})" if place.link else "")]


def _sign(place: Place, columns: int) -> Fragments:
    return [("class:prompt", "#" if place.account == "root" else "$")]


def _time(place: Place, columns: int) -> Fragments:
    return [("class:prompt", time.strftime("%H:%M"))]


_CODES: Final[dict[str, Callable[[Place, int], Fragments]]] = {
    "u": _account,
    "h": _host,
    "H": _whole_host,
    "d": _directory,
    "D": _whole_directory,
    "s": _status,
    "j": _jobs,
    "l": _link,
    "$": _sign,
    "t": _time,
    "n": lambda place, columns: [("class:prompt", "\n")],
}


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
