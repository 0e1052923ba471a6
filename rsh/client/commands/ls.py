"""`rsh ls`: lists files over there as ls(1) lists those here."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec.structs import replace

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import colored, print_lines, stdout_is_terminal
from rsh.client.terminal.console import layout_size
from rsh.client.text.colors import NameColors
from rsh.client.text.complaints import complain
from rsh.client.text.listing import Order, Style, collation, listing_lines, show_name, total_line
from rsh.client.text.units import base_of
from rsh.errors import file_error
from rsh.protocol.answer_records import Entry, Heading
from rsh.protocol.record_stream import Failure

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote

Records: TypeAlias = Iterable[Entry | Heading | Failure]

# A directory and what is shown of it; None for what was named itself.
Block: TypeAlias = tuple[bytes | None, list[Entry]]

_DOTS: Final = (b".", b"..")


def run_ls(context: Context, options: Options) -> int:
    """Print a listing; 1 when some path could not be listed."""
    paths = [os.fsencode(path) for path in options.paths or ["."]]
    listing = Listing(context.verb, _order(options))
    if options.all and not options.json and not options.itself:
        listing.know_dots(context.remote.scan(*_dotted(paths), itself=True))
    blocks = listing.blocks(_scan(context.remote, paths, options))
    if options.json:
        _print_json(blocks)
    else:
        _print_blocks(blocks, _style(context, options), headed=options.recursive or len(paths) > 1)
    return listing.status


def _scan(remote: Remote, paths: Sequence[bytes], options: Options) -> Iterator[Entry | Heading | Failure]:
    """Ask for the records; with -l or -F a symlink that was named is shown itself, wherever it leads."""
    if options.itself or not (options.long or options.classify):
        yield from remote.scan(*paths, recursive=options.recursive, itself=options.itself)
        return
    followed = []
    for record in remote.scan(*paths, itself=True):
        if isinstance(record, Entry) and (record.kind != "symlink" or record.name.endswith(b"/")):
            followed.append(record.name)
        else:
            yield record
    if followed:
        yield from remote.scan(*followed, recursive=options.recursive)


class Listing:
    """One listing as its records come in: what is shown of them, directory by directory.

    Attributes:
        status: 1 once something could not be listed.
    """

    def __init__(self, verb: str, order: Order) -> None:
        self.status = 0
        self._verb = verb
        self._order = order
        self._hidden: set[bytes] = set()  # directories that are not shown, nor is what is in them
        self._dots: dict[bytes, list[Entry]] = {}  # of a directory: its "." and "..", which no listing has

    def know_dots(self, records: Records) -> None:
        """Take the entries of `directory/.` and `directory/..`; paths that have none are of no concern here."""
        for record in records:
            if isinstance(record, Entry):
                above, _, dot = record.name.rpartition(b"/")
                self._dots.setdefault(above, []).append(replace(record, name=dot))

    def blocks(self, records: Records) -> Iterator[Block]:
        """Give the blocks, first what was named itself, if there is any of that."""
        directory: bytes | None = None
        entries: list[Entry] = []
        for record in records:
            if isinstance(record, Failure):
                self.status = 1
                complain(self._verb, file_error(record.error, record.path))
            elif isinstance(record, Entry):
                self._take(record, entries)
            else:
                yield from self._finished(directory, entries)
                directory, entries = record.path, list(self._dots.get(record.path.rstrip(b"/"), ()))
        yield from self._finished(directory, entries)

    def _finished(self, directory: bytes | None, entries: list[Entry]) -> Iterator[Block]:
        if entries or (directory is not None and directory not in self._hidden):
            yield directory, self._order.sorted(entries)

    def _take(self, entry: Entry, entries: list[Entry]) -> None:
        """Keep an entry if it is shown; if not, and it is a directory, what is in it is not shown either."""
        is_directory = entry.kind == "directory" and bool(entry.directory)
        if entry.directory in self._hidden or (entry.directory and not self._order.shows(entry)):
            if is_directory:
                self._hidden.add(entry.path)
            return
        entries.append(entry)
        above = self._dots.get(entry.directory.rstrip(b"/"))
        if is_directory and above:
            self._dots[entry.path] = [replace(entry, name=b"."), replace(above[0], name=b"..")]


def _dotted(paths: Sequence[bytes]) -> list[bytes]:
    return [path.rstrip(b"/") + b"/" + dot for path in paths for dot in _DOTS]


def _print_blocks(blocks: Iterator[Block], style: Style, *, headed: bool) -> None:
    """Print blocks; a single directory goes without its name."""
    block, first = next(blocks, None), True
    while block is not None:
        (directory, entries), following = block, next(blocks, None)
        lines = [] if first else [""]
        if directory is not None and (headed or not first or following is not None):
            lines.append(f"{show_name(directory, style)}:")
        if directory is not None and style.long:
            lines.append(total_line(entries, style))
        print_lines(lines + listing_lines(entries, style))
        block, first = following, False


def _print_json(blocks: Iterator[Block]) -> None:
    from rsh.client.cli.json_output import entry_fields, print_object

    for _, entries in blocks:
        for entry in entries:
            print_object(entry_fields(entry))


def _order(options: Options) -> Order:
    return Order(
        all=options.all,
        almost_all=options.almost_all,
        by_time=options.by_time,
        by_size=options.by_size,
        reverse=options.reverse,
        collate=collation(),
    )


def _style(context: Context, options: Options) -> Style:
    return Style(
        terminal=stdout_is_terminal(),
        width=layout_size()[0],
        colors=NameColors(os.environ.get("LS_COLORS", "")) if colored(context) else None,
        long=options.long,
        one=options.one,
        human=base_of(human=options.human, si=options.si),
        classify=options.classify,
        now=time.time(),
    )
