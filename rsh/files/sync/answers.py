"""What the target of a sync answers when the source asks about one of its files. What it cannot read it has not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from xxhash import xxh3_128_digest

from rsh.errors import FileError
from rsh.files.disk.digest import BLOCK, MOST_BLOCKS
from rsh.files.disk.leftovers import adopt
from rsh.files.disk.part_names import part_name
from rsh.files.sync.blocks import sign
from rsh.files.sync.kept_files import KeptFiles
from rsh.files.sync.manifest import content_digest
from rsh.files.sync.top import Top, open_regular
from rsh.protocol.sync_records import Kept, Proof, Prove, Sign, Signature

# Blocks that are told at once: 128 KiB of digests.
_AT_ONCE: Final = 8192

_NOTHING: Final = Signature(0, b"", b"", False)


def signature(top: Top, question: Sign, parts: KeptFiles, old: KeptFiles) -> Iterator[Kept | Signature]:
    """Tell the blocks of a file, and before those that an earlier try to replace it has written already.

    Args:
        parts: gets the part in which those are.
        old: gets the file.

    Raises:
        ProtocolError: no such path may be named.
    """
    try:
        directory, name = top.above(question.path)
    except OSError:
        yield _NOTHING
        return
    try:
        top.check(question.path)
        fd = open_regular(directory, name)
        old.keep(question.path, fd)
        if (part := adopt(directory, part_name(name))) >= 0:
            parts.keep(question.path, part)
            yield from _kept(part)
        yield from sign(fd, question.block, question.blocks)
    except (OSError, FileError):
        yield _NOTHING
    finally:
        os.close(directory)


def _kept(fd: int) -> Iterator[Kept]:
    """Tell the whole blocks of a part."""
    digests = bytearray()
    for block in range(min(os.fstat(fd).st_size // BLOCK, MOST_BLOCKS)):
        content = os.pread(fd, BLOCK, block * BLOCK)
        if len(content) < BLOCK:
            break
        digests += xxh3_128_digest(content)
        if block % _AT_ONCE == _AT_ONCE - 1:
            yield Kept(bytes(digests))
            digests.clear()
    if digests:
        yield Kept(bytes(digests))


def proof(top: Top, question: Prove, old: KeptFiles) -> Proof:
    """Tell the digest of a file, which `old` gets. Raises ProtocolError."""
    try:
        fd = top.file(question.path)
        old.keep(question.path, fd)
        return Proof(content_digest(fd))
    except (OSError, FileError):
        return Proof(b"")
