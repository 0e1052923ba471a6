from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from xxhash import xxh3_128_digest

from rsh.files.disk.digest import BLOCK, BlockDigest
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.files.transfer.outgoing import Outgoing, changed, release_blocks
from rsh.files.transfer.report import Progress
from rsh.files.transfer.results import Results
from rsh.protocol import transfer_records
from rsh.protocol.transfer_records import Held, Hole, Same
from tests.files.pipes import pipe_pair


class Sent(Progress):
    """Counts, and does something when the first content has been sent."""

    def __init__(self, act: Callable[[], object] = bool) -> None:
        self.new = self.kept = 0
        self._act = act

    def moved(self, count: int) -> None:
        self.new += count
        self._act()

    def reused(self, count: int) -> None:
        self.kept += count


def send(path: Path, held: bytes = b"", progress: Sent | None = None) -> tuple[str, bytes, list[object]]:
    """Send a file to a receiver that has some blocks; give the error, the digest, and what came: bytes or records."""
    near, far = pipe_pair(2**30)
    results = Results(near, Progress())
    results.announce(path.stat().st_size)
    results._take_held(Held(0, held))
    fd = os.open(path, os.O_RDONLY)
    try:
        out = RecordWriter(near)
        file = Outgoing(fd, os.fstat(fd), out, results, progress or Sent())
        error = file.send()
        out.end()
    finally:
        os.close(fd)
    came: list[object] = []
    for element in RecordReader(far, transfer_records.TRANSFER):
        if isinstance(element, memoryview) and came and isinstance(came[-1], bytes):
            came[-1] += bytes(element)
        else:
            came.append(bytes(element) if isinstance(element, memoryview) else element)
    return error, file.digest(), came


def digest(content: bytes) -> bytes:
    whole = BlockDigest()
    whole.update(content)
    return whole.digest()


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, 2 * BLOCK + 5])
def test_content_comes_as_it_is(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    assert send(tmp_path / "file") == ("", digest(content), [content])


def test_holes_are_told_and_not_read(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.seek(3 * BLOCK)
        file.write(b"x" * 4096)
        file.truncate(5 * BLOCK)
    sent = Sent()
    error, told, came = send(tmp_path / "file", progress=sent)
    content = (tmp_path / "file").read_bytes()
    assert (error, told) == ("", digest(content))
    assert [type(each) for each in came] == [Hole, bytes, Hole]
    assert sent.new < BLOCK and sent.new + sent.kept == len(content)


def test_blocks_that_are_there_are_told_together_and_wrong_ones_sent(tmp_path: Path) -> None:
    blocks = [os.urandom(BLOCK) for _ in range(5)]
    (tmp_path / "file").write_bytes(b"".join(blocks) + b"end")
    held = [xxh3_128_digest(block) for block in blocks]
    held[2] = bytes(16)
    sent = Sent()
    error, told, came = send(tmp_path / "file", b"".join(held), sent)
    assert (error, told) == ("", digest(b"".join(blocks) + b"end"))
    assert came == [Same(2 * BLOCK), blocks[2], Same(2 * BLOCK), b"end"]
    assert (sent.new, sent.kept) == (BLOCK + 3, 4 * BLOCK)


def test_a_source_that_shrinks_or_grows_is_given_up_at_once(tmp_path: Path) -> None:
    for size in (BLOCK, 20 * BLOCK):
        path = tmp_path / "file"
        path.write_bytes(os.urandom(10 * BLOCK))
        sent = Sent(lambda: os.truncate(path, size))  # noqa: B023  called at once
        assert send(path, progress=sent)[0] == "ECHANGED"
        assert sent.new <= 2 * BLOCK


def test_a_file_that_was_written_to_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    fd = os.open(path, os.O_RDONLY)
    before = os.fstat(fd)
    assert not changed(fd, before)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert changed(fd, before)
    os.close(fd)


def test_memory_is_given_back_while_blocks_are_in_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * BLOCK)
    release_blocks()
    assert send(tmp_path / "file")[0] == ""
    release_blocks()
