"""The links that a transfer has sent: those that could not be made over there are sent again, with their content.

What a link leads to may not have arrived: it was left alone because of another file in its place, or it failed. That is
known only when most has been sent; waiting for it before each link would cost a round trip for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import msgspec

from rsh.files.stream.spool import Spool
from rsh.files.transfer.runs import Runs

# A name that was sent as a link: the number of its source, and its path below that; none for a source that is a file.
Name: TypeAlias = tuple[int, tuple[bytes, ...]]


class LinksSent:
    """A list on disk when it is long. Close it."""

    def __init__(self) -> None:
        self._spool = Spool()

    @property
    def count(self) -> int:
        """Tell how many there are."""
        return self._spool.count

    def note(self, item: int, source: int, path: Sequence[bytes]) -> None:
        """Take note of a link that is sent as the item of that number."""
        self._spool.append(msgspec.msgpack.encode((item, source, tuple(path))))

    def unmade(self, unlinked: Runs) -> Iterator[Name]:
        """Give, in their order, those of the items that were not made."""
        for line in self._spool:
            item, source, path = msgspec.msgpack.decode(line, type=tuple[int, int, tuple[bytes, ...]])
            if item in unlinked:
                yield source, path

    def close(self) -> None:
        """Give memory and file back."""
        self._spool.close()
