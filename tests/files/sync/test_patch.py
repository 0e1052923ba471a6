from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from xxhash import xxh3_128_digest

from rsh.files.disk.digest import BLOCK
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.files.sync.blocks import Old, sign
from rsh.files.sync.patch import OutgoingPatch
from rsh.files.sync.results import SyncResults
from rsh.files.transfer.report import Progress
from rsh.protocol import sync_records
from rsh.protocol.sync_records import Reuse
from rsh.protocol.transfer_records import Same
from tests.files.pipes import pipe_pair

SMALL = 4096  # bytes of a block of the old file
OLD = random.Random(1).randbytes(40 * SMALL)


class Patched:
    """What a source sends of a changed file, and what becomes of it at the target."""

    def __init__(
        self, folder: Path, old: bytes, new: bytes, *, written: bytes = b"", act: Callable[[Path], object] = bool
    ) -> None:
        near, far = pipe_pair(2**30)
        (folder / "old").write_bytes(old)
        (folder / "new").write_bytes(new)
        told = Old(len(old), SMALL, *_signature(folder / "old"), _digests(written))
        out, self._results, self.announced = RecordWriter(near), SyncResults(near, Progress()), 0
        fd = os.open(folder / "new", os.O_RDONLY)
        status = os.fstat(fd)
        act(folder / "new")
        patch = OutgoingPatch(fd, status, told, self._announce, out, self._results, Progress())
        self.error = patch.send()
        self.begun, self.digest = patch.begun, patch.digest()
        os.close(fd)
        out.end()
        self.sent = 0
        self.records: list[object] = []
        self.result = self._put_together(RecordReader(far, sync_records.SYNC), old, written)

    def _announce(self) -> None:
        self.announced += 1
        self._results.sent += 1

    def _put_together(self, elements: Iterable[object], old: bytes, written: bytes) -> bytes:
        result = b""
        for element in elements:
            if isinstance(element, memoryview):
                self.sent += len(element)
                result += element
                continue
            self.records.append(element)
            if isinstance(element, Reuse):
                result += old[element.offset : element.offset + element.length]
            else:
                assert isinstance(element, Same)
                result += written[len(result) : len(result) + element.length]
        return result


def _signature(path: Path) -> tuple[bytes, bytes]:
    fd = os.open(path, os.O_RDONLY)
    records = list(sign(fd, SMALL, 1000))
    os.close(fd)
    return b"".join(record.hashes for record in records), b"".join(record.anchors for record in records)


def _digests(written: bytes) -> bytes:
    blocks = len(written) // BLOCK
    return b"".join(xxh3_128_digest(written[at * BLOCK : (at + 1) * BLOCK]) for at in range(blocks))


@pytest.mark.parametrize(
    ("new", "most"),
    [
        (OLD[:SMALL] + b"changed" + OLD[SMALL + 7 :], SMALL),
        (OLD[: 9 * SMALL + 5] + b"put in" + OLD[9 * SMALL + 5 :], 3 * SMALL),
        (OLD[20 * SMALL :] + OLD[: 20 * SMALL], 0),
        (OLD + b"behind", 6),
        (OLD[:-SMALL], 0),
        (b"nothing of it", 13),
    ],
)
def test_what_is_sent_and_what_is_there_make_the_new_file(tmp_path: Path, new: bytes, most: int) -> None:
    patched = Patched(tmp_path, OLD, new)
    assert (patched.error, patched.announced, patched.digest) == ("", 1, xxh3_128_digest(new))
    assert patched.result == new
    assert patched.sent <= most


def test_a_file_that_is_the_same_after_all_is_not_announced(tmp_path: Path) -> None:
    patched = Patched(tmp_path, OLD, OLD)
    assert (patched.error, patched.begun, patched.announced, patched.records, patched.sent) == ("", False, 0, [], 0)


def test_pieces_of_the_old_file_that_follow_one_another_are_told_as_one(tmp_path: Path) -> None:
    patched = Patched(tmp_path, OLD, OLD[: 30 * SMALL] + b"x" * SMALL + OLD[31 * SMALL :])
    assert patched.records == [Reuse(0, 30 * SMALL), Reuse(31 * SMALL, 9 * SMALL)]


def test_what_an_earlier_try_has_written_is_told_as_such(tmp_path: Path) -> None:
    new = random.Random(2).randbytes(3 * BLOCK) + OLD
    patched = Patched(tmp_path, OLD, new, written=new[: 2 * BLOCK])
    assert patched.records == [Same(2 * BLOCK), Reuse(0, len(OLD))]
    assert patched.result == new and patched.sent == BLOCK


@pytest.mark.parametrize("act", [lambda path: os.truncate(path, SMALL), lambda path: os.truncate(path, 90 * SMALL)])
def test_a_file_that_is_another_length_by_now_is_given_up(tmp_path: Path, act: Callable[[Path], object]) -> None:
    patched = Patched(tmp_path, OLD, b"new" + OLD, act=act)
    assert patched.error == "ECHANGED"
