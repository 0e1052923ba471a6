"""The history of the prompt: one file per account and host, a JSON object a line, appended to at once.

Several prompts may write to one file: each line is one write() in append mode. When a command has ended, a second
object with the same `when` adds its status and duration.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from rsh.errors import UsageError
from rsh.places import ensure_dir

# Of a longer file only the end is read: about 15,000 lines. Nobody looks further back by hand.
READ_LIMIT: Final = 2 * 1024 * 1024

ENDING: Final = ".jsonl"


class Item(Struct):
    """One line that was typed.

    Attributes:
        when: nanoseconds since 1970; also what tells this line from others.
        line: as it was typed. directory: where it ran over there.
        status: exit status; None while unknown. duration: seconds.
    """

    when: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    line: str = ""
    directory: str = ""
    status: int | None = None
    duration: float | None = None


_DECODER: Final = msgspec.json.Decoder(Item)


class History:
    """The lines of one account on one host. A history that cannot be kept is none; the prompt works without."""

    def __init__(self, path: str) -> None:
        """Use a file, which is made with the first line."""
        self._path = path
        self._size = 0  # of the file as far as we have read or written it

    def begin(self, line: str, directory: bytes) -> Item | None:
        """Keep a line that is about to run; None when it is not to be kept: empty, or with a blank in front."""
        if not line.strip() or line[0].isspace():
            return None
        item = Item(time.time_ns(), line, os.fsdecode(directory))
        self._append(item)
        return item

    def end(self, item: Item | None, status: int, duration: float) -> None:
        """Add how the line ended."""
        if item is not None:
            item.status, item.duration = status, round(duration, 3)
            self._append(Item(item.when, status=item.status, duration=item.duration))

    def items(self) -> list[Item]:
        """Give all lines, the oldest first."""
        self._size = _size(self._path)
        return merged(_read_end(self._path))

    def items_of_all(self) -> list[Item]:
        """Give the lines of all accounts and hosts, the oldest first."""
        folder = os.path.dirname(self._path)
        try:
            paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(ENDING)]
        except OSError:
            return []
        return sorted((item for path in paths for item in merged(_read_end(path))), key=lambda item: item.when)

    def lines(self) -> list[str]:
        """Give the lines for the editor: the oldest first, each only where it was typed last."""
        return _each_once(self.items())

    def lines_of_all(self) -> list[str]:
        """Give the lines of all accounts and hosts, likewise."""
        return _each_once(self.items_of_all())

    def has_grown(self) -> bool:
        """Say whether somebody else, such as another prompt, has added lines since we have read them."""
        return _size(self._path) != self._size

    def _append(self, item: Item) -> None:
        try:
            ensure_dir(os.path.dirname(self._path))
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except (OSError, UsageError):
            return
        try:
            self._size += os.write(descriptor, _missing_end(descriptor) + _encode(item))
        except OSError:
            pass
        finally:
            os.close(descriptor)


def file_name(account: str, host: str) -> str:
    """Give the name of the history file of an account on a host: safe for any host that can be dialled."""
    return f"{account}@{host}".replace("%", "%25").replace("/", "%2F") + ENDING


def merged(lines: Iterable[bytes]) -> list[Item]:
    """Join what was written about each line; what cannot be read is passed over."""
    items: dict[int, Item] = {}
    for data in lines:
        item = _decode(data)
        if item is None:
            continue
        if item.line:
            items[item.when] = item
        elif item.when in items:
            items[item.when].status, items[item.when].duration = item.status, item.duration
    return sorted(items.values(), key=lambda item: item.when)


def _missing_end(descriptor: int) -> bytes:
    """Give the end of a line that was not written to its own, as on a full disk; b"" where none is missing."""
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def _each_once(items: list[Item]) -> list[str]:
    newest_first = dict.fromkeys(item.line for item in reversed(items))
    return list(reversed(newest_first))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _read_end(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > READ_LIMIT:
                file.seek(size - READ_LIMIT)
                file.readline()
            yield from file
    except OSError:
        return


def _encode(item: Item) -> bytes:
    """Give an item as a line of JSON; bytes that are no UTF-8 stand in it as os.fsdecode has them."""
    fields = {"when": item.when, "line": item.line, "directory": item.directory}
    if item.status is not None:
        fields |= {"status": item.status, "duration": item.duration or 0.0}
    import json  # the first prompt does not wait for it

    return json.dumps({name: value for name, value in fields.items() if value != ""}).encode() + b"\n"


def _decode(data: bytes) -> Item | None:
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return _decode_any(data)


def _decode_any(data: bytes) -> Item | None:
    """Decode what may hold bytes that are no UTF-8, which msgspec does not know."""
    import json

    try:
        return msgspec.convert(json.loads(data), Item)
    except (ValueError, RecursionError, msgspec.ValidationError):
        return None
