"""Makes the lines of `ls` from entries: pure, for a screen or for a pipe."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from rsh.client.text.colors import NameColors
from rsh.client.text.columns import Cell, align, fill_columns, text_width
from rsh.client.text.units import human_size, listing_time
from rsh.escape import printable, shell_quoted, spelled_out
from rsh.protocol.answer_records import Entry

_MARKS: Final = {stat.S_IFDIR: "/", stat.S_IFLNK: "@", stat.S_IFIFO: "|", stat.S_IFSOCK: "="}


class Style(Struct, frozen=True):
    """How a listing looks.

    Attributes:
        terminal: names are quoted and escaped, and stand in columns `width` wide; else they are raw, one a line.
        colors: None for none.
        human: base of the units of sizes; 0 for bytes.
        now: seconds since 1970, for what counts as recent.
    """

    terminal: bool
    width: int = 80
    colors: NameColors | None = None
    long: bool = False
    one: bool = False
    human: int = 0
    classify: bool = False
    now: float = 0.0


class Order(Struct, frozen=True):
    """Which entries are shown, and in what order."""

    all: bool = False
    almost_all: bool = False
    by_time: bool = False
    by_size: bool = False
    reverse: bool = False
    collate: Callable[[str], Any] = str

    def shows(self, entry: Entry) -> bool:
        """Say whether an entry of a directory is shown."""
        if entry.name in (b".", b".."):
            return self.all
        return self.all or self.almost_all or not entry.name.startswith(b".")

    def sorted(self, entries: Iterable[Entry]) -> list[Entry]:
        """Sort entries by name, time or size; what is equal, by name."""
        return sorted(entries, key=self._key, reverse=self.reverse)

    def _key(self, entry: Entry) -> tuple[Any, ...]:
        name = (self.collate(os.fsdecode(entry.name)), entry.name)
        if self.by_time:
            return (-entry.mtime_ns, *name)
        return (-entry.size, *name) if self.by_size else name


def collation() -> Callable[[str], Any]:
    """Give the key by which names sort in the user's language, as ls(1) sorts them."""
    import locale

    try:
        locale.setlocale(locale.LC_COLLATE, "")
        if locale.setlocale(locale.LC_COLLATE).partition(".")[0] in ("C", "POSIX"):
            return os.fsencode
        locale.strxfrm("a")
    except (locale.Error, OSError):
        return os.fsencode
    return lambda name: locale.strxfrm(name.encode(errors="replace").decode().replace("\0", ""))


def listing_lines(entries: Sequence[Entry], style: Style) -> list[str]:
    """Give the lines of some entries; undecodable bytes of raw names are surrogates, for os.fsencode."""
    names = _names(entries, style)
    if style.long:
        return _long_lines(entries, names, style)
    if style.one or not style.terminal:
        return [text for text, _ in names]
    return fill_columns(names, style.width)


def total_line(entries: Iterable[Entry], style: Style) -> str:
    """Give the line above a directory's long listing: what its entries take on the disk."""
    blocks = sum(entry.blocks for entry in entries)
    return f"total {human_size(blocks * 512, style.human) if style.human else -(-blocks // 2)}"


def show_name(name: bytes, style: Style) -> str:
    """Give a name for the screen, where it can be pasted back into a shell, or raw for a pipe."""
    return shell_quoted(name) if style.terminal else os.fsdecode(name)


def _names(entries: Sequence[Entry], style: Style) -> list[Cell]:
    shown = [show_name(entry.name, style) for entry in entries]
    if style.terminal and len(set(shown)) < len(shown):  # Their accents are written in different ways.
        several = {text for text, count in Counter(shown).items() if count > 1}
        pairs = zip(shown, entries, strict=True)
        shown = [spelled_out(entry.name) if text in several else text for text, entry in pairs]
    if style.terminal and any(_is_quoted(text) for text in shown):
        # As ls does: what is not quoted moves one to the right, so that the names themselves stand in line.
        shown = [text if _is_quoted(text) else " " + text for text in shown]
    cells = []
    for entry, text in zip(entries, shown, strict=True):
        mark = _mark(entry) if style.classify and not (style.long and entry.kind == "symlink") else ""
        width = text_width(text) + len(mark)
        if style.colors is not None:
            text = style.colors.paint(text, entry.mode, os.fsdecode(entry.name))
        cells.append((text + mark, width))
    return cells


def _is_quoted(text: str) -> bool:
    return text.startswith(("'", "$'", '"'))


def _mark(entry: Entry) -> str:
    if stat.S_ISREG(entry.mode):
        return "*" if entry.mode & 0o111 else ""
    return _MARKS.get(stat.S_IFMT(entry.mode), "")


def _long_lines(entries: Sequence[Entry], names: Sequence[Cell], style: Style) -> list[str]:
    rows = [
        [
            stat.filemode(entry.mode),
            str(entry.links),
            printable(entry.owner),
            printable(entry.group),
            human_size(entry.size, style.human) if style.human else str(entry.size),
            listing_time(entry.mtime_ns, style.now),
        ]
        for entry in entries
    ]
    right = (False, True, False, False, True, False)
    columns = align(rows, right) if rows else []
    return [
        f"{front} {name}{_arrow(entry, style)}" for front, (name, _), entry in zip(columns, names, entries, strict=True)
    ]


def _arrow(entry: Entry, style: Style) -> str:
    return f" -> {show_name(entry.target, style)}" if entry.kind == "symlink" else ""
