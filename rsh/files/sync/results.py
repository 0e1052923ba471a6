"""What the target of a sync says: results as in any transfer, and what it was asked about its files."""

from __future__ import annotations

import queue
from collections import deque
from typing import Any

import msgspec

from rsh.errors import LinkError, ProtocolError
from rsh.files.disk.digest import MOST_BLOCKS, SIZE
from rsh.files.stream.stream import Pipe
from rsh.files.sync.blocks import ANCHOR, HASH, Old
from rsh.files.transfer.report import Progress
from rsh.files.transfer.results import Results
from rsh.protocol import sync_records
from rsh.protocol.sync_records import Kept, Proof, Signature


class SyncResults(Results):
    """Results with answers, which come in the order of the questions. expect_* first, then ask, then take."""

    decoder: msgspec.msgpack.Decoder[Any] = sync_records.SYNC_RESULTS

    def __init__(self, pipe: Pipe, progress: Progress) -> None:
        super().__init__(pipe, progress)
        self._signatures: queue.SimpleQueue[Signature | Kept | None] = queue.SimpleQueue()  # None: nothing more comes
        self._proofs: queue.SimpleQueue[Proof | None] = queue.SimpleQueue()
        # Of each signature that is still due, bytes of digests that may come: of the file, and of its part.
        self._rooms: deque[list[int]] = deque()
        self._proofs_due = 0

    def expect_signature(self, blocks: int) -> None:
        """Say that a file is asked for that has so many blocks at most."""
        self._rooms.append([blocks * HASH, MOST_BLOCKS * SIZE])

    def expect_proof(self) -> None:
        """Say that a digest is asked for."""
        self._proofs_due += 1

    def signature(self, block: int) -> Old:
        """Wait for the next signature."""
        hashes, anchors, kept = bytearray(), bytearray(), bytearray()
        while True:
            record = self._signatures.get()
            if record is None:
                raise self.error or LinkError("the other side stopped answering")
            if isinstance(record, Kept):
                kept += record.digests
                continue
            hashes += record.hashes
            anchors += record.anchors
            if not record.more:
                return Old(record.size, block, bytes(hashes), bytes(anchors), bytes(kept))

    def proof(self) -> bytes:
        """Wait for the next digest; b"" for a file that could not be read."""
        record = self._proofs.get()
        if record is None:
            raise self.error or LinkError("the other side stopped answering")
        return record.digest

    def _run(self) -> None:
        try:
            super()._run()
        finally:
            self._signatures.put(None)
            self._proofs.put(None)

    def _take(self, record: Any) -> None:
        if isinstance(record, Signature):
            self._take_signature(record)
        elif isinstance(record, Kept):
            self._spend(1, len(record.digests))
            if len(record.digests) % SIZE:
                raise ProtocolError("half a digest")
            self._signatures.put(record)
        elif isinstance(record, Proof):
            self._proofs_due -= 1
            if self._proofs_due < 0:
                raise ProtocolError("a digest that was not asked for")
            self._proofs.put(record)
        else:
            super()._take(record)

    def _take_signature(self, record: Signature) -> None:
        count = len(record.hashes) // HASH
        self._spend(0, len(record.hashes))
        if len(record.hashes) % HASH or len(record.anchors) != count * ANCHOR:
            raise ProtocolError("a signature that does not fit together")
        if record.more and not count:
            raise ProtocolError("a signature without an end")
        if not record.more:
            self._rooms.popleft()
        self._signatures.put(record)

    def _spend(self, kind: int, length: int) -> None:
        """Take from the room that the signature at hand has."""
        if not self._rooms or self._rooms[0][kind] < length:
            raise ProtocolError("a signature that was not asked for")
        self._rooms[0][kind] -= length
