"""What is wanted of a sync: known to both ends."""

from __future__ import annotations

import msgspec


class Wishes(msgspec.Struct, frozen=True):
    """How to sync.

    Attributes:
        rules: what is left out on both sides (rsh.files.disk.filter).
        checksum: compare files by digest instead of by size and time.
        delete: remove from the target what the source has not.
        delete_all: also if the source is empty, as a disk is that was not mounted; else that is a failure.
        rehearsal: say what would be done, and do nothing.
        itemize: tell each change.
        archive: owners and extended attributes as well.
    """

    rules: tuple[bytes, ...] = ()
    checksum: bool = False
    delete: bool = False
    rehearsal: bool = False
    itemize: bool = False
    archive: bool = False
    delete_all: bool = False
