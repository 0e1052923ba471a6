"""How what is to be written becomes TLS records: small parts joined, large ones taken as they lie in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

RECORD: Final = 16 * 1024  # bytes of plaintext in the longest record, RFC 8446 section 5.1


def gathered(parts: Iterable[bytes | bytearray | memoryview], most: int) -> Iterator[memoryview]:
    """Give the parts, joined, in pieces that become no more records than they need.

    Joining everything would copy each byte once more. A header in a record of its own would cost the peer as much as
    16 KiB of content. So what is short is filled up to one record from what follows, and only that is copied.

    Args:
        most: bytes of the longest piece; whole records.
    """
    parts = tuple(parts)
    if sum(map(len, parts)) < RECORD:
        joined = b"".join(parts)
        if joined:
            yield memoryview(joined)
        return
    head = bytearray()
    for part in parts:
        rest = memoryview(part)
        if head or len(rest) < RECORD:
            room = RECORD - len(head)
            head += rest[:room]
            rest = rest[room:]
            if len(head) == RECORD:
                yield memoryview(head)
                head = bytearray()
        whole = len(rest) - len(rest) % RECORD
        for start in range(0, whole, most):
            yield rest[start : min(start + most, whole)]
        head += rest[whole:]
    if head:
        yield memoryview(head)
